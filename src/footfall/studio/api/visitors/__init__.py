"""One visitor: all sessions and all events, in pages."""
