"""The epoch: its plan, and the pure functions that make its rows."""
