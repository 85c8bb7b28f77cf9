"""Footfall: a self-hosted clickstream platform."""
