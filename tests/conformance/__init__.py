"""The same requests through both ways of working: one machine's files, and a cluster.

On one side the embedded pipeline on a log of SQLite files, with its lake and metadata in its home.
On the other a driver on Spark, the log on Kafka in several partitions, tables in a bucket behind an
Iceberg REST catalog, metadata in PostgreSQL. All servers are real. The rows of all tables, the
epochs and the ledgers are equal; where a request lies in its log is told the same of both.
"""
