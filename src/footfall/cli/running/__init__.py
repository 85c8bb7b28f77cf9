"""Verbs that start something or send events."""
