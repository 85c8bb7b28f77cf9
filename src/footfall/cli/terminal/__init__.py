"""What a person sees of every verb: help, errors as one sentence, what is waited for, tables.

Nothing here knows a verb, and nothing heavy is imported before there is something to draw.
"""
