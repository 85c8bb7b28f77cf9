"""Destinations as an operator meets them: how they get on, paused, and looked at before a start.

report   how each gets on, for people       checks   whether what they name is there
access   paused and resumed, in Python      remote   the same over HTTP
"""
