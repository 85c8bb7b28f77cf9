"""What the Live page asks: the live snapshot and its stream, and what the snapshot does not have.

Counters of what a filter leaves, whole lists behind the first rows, and what came in but failed:
each one or two bounded statements, with the windows and meanings of `footfall.live`, so that a
number and what is behind it agree.
"""
