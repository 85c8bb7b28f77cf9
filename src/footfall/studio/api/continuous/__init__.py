"""Continuous queries: what they ask, and what they answered."""
