"""The lake's tables: Iceberg schemas and partitions, days, and how rows lie in files."""
