"""From the log to prepared micro-batches, in this process or in one beside it."""
