"""Requests that end or hold up whoever decodes them: found, bounded, put aside."""
