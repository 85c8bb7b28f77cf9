"""Files that are written of what comes in: where, how many, how far behind."""
