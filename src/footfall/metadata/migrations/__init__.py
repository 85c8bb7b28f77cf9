"""Versions of the metadata database's schema, applied in order when it is opened."""
