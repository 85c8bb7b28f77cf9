"""`footfall demo`: a made-up shop, and three published systems, each from nothing."""
