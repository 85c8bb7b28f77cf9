"""Asking by the catalog: saved queries, their parameters, statements in other words."""
