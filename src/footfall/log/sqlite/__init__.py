"""The log as segments of SQLite files below the home: one partition, one writer, no server."""
