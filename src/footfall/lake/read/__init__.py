"""Reading: which files a snapshot has, and which rows of them are asked for."""
