"""What people add while a project runs: catalog, queries, definitions, destinations."""
