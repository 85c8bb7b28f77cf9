"""Sessions as chains of events without a gap longer than a limit."""
