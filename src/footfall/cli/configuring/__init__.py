"""Verbs that set up projects, keys and settings."""
