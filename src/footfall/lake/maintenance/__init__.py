"""Maintenance: compaction, folding, retention, and removal of what nothing names."""
