"""Verbs that look after an installation."""
