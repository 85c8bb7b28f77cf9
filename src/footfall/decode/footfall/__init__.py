"""Our own wire format: the decoder, and its fast way."""
