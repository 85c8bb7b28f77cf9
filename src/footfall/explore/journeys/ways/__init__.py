"""Each model over the index: the rows that its statement would find, and who is behind one."""
