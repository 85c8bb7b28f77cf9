"""Segments: made, listed, sized, overlapped, and who is in them."""
