"""Writing: data files, and the one commit that takes an epoch once."""
