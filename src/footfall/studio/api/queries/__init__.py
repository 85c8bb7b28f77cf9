"""Saved queries: statements under a name, for all who may ask."""
