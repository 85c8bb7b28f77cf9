"""What decoders are built from: bodies, JSON, fields, values, rows and faults."""
