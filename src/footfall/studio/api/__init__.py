"""The HTTP API: a folder for each page area, with its `routes.py` and what only it needs.

What areas share stands here once: which app, whose events and when (`scope`), rows of panels as
filters (`filters`), one page of a long list (`paging`). Errors are `footfall.studio.edge.problems`.
The description that OpenAPI gives of it is the only contract with the front end.
"""
