"""Alerts: rules and channels, what fired, and when a rule would have."""
