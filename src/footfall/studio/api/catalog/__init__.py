"""What people added to the project: crawls and their reports, views."""
