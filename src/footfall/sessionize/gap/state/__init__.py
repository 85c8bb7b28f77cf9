"""The hot sessions: packed rows, in memory or in mapped files."""
