"""Dashboards: kept, shown tile by tile, and shared by links that need no session."""
