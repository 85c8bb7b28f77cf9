"""Bounds on what others send: bodies, memory for them, rates."""
