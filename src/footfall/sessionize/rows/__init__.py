"""Rows of sessions: what every definition's state is made of.

A state holds a row a session, in sorted immutable segments, packed, in memory or in mapped files.
Here is all that needs no more than a session's bounds and columns: finding a visitor's rows, which
row holds an event, what is closed, what readers see.
"""
