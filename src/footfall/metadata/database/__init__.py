"""The database itself: its tables, opening it, and how rows are put into it."""
