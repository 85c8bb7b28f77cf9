"""Catalog: what people add to a project's tables: crawled files, external tables, views, queries.

A crawl looks at files where they lie (`listing`, `layout`, `inspect`), finds out what is in them,
and notes tables: names, types, partitions, and every file by its path (`crawl`). Nothing is copied
but what cannot be read as it is (`repair`). All of it is metadata of the project (`entries`,
`store`); a query worker is handed the texts and the list of files (`defining`), and may read these
and nothing else. Statements that define something come through `statements`; those in Athena's
words are read as DuckDB's (`athena`). A consumer starts crawls that are due (`consumer`).

Servers and commands begin with `running.catalog_parts` and `defining.definitions_of`; neither these
nor `entries` import DuckDB, Arrow or SQLAlchemy.
"""
