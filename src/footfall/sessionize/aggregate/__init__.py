"""From events to what is known of a session: sums, and which event gives which attribute.

Two aggregates of one session merge exactly, in any order. A definition says which events and which
earlier rows are one session; this makes their row.
"""
