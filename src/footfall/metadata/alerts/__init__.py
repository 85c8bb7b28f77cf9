"""What is known of alerts: read by many, written in transactions."""
