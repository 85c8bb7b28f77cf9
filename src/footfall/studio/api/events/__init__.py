"""Events one by one: a list in pages, and each with every column and the request it came in."""
