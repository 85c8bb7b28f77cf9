"""Questions in SQL: run in killable workers, as rows or CSV, and which tables there are."""
