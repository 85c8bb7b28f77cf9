"""The project's apps, and code that sends to them."""
