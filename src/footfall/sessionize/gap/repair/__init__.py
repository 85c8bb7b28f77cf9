"""Sessions made exact when late events touch what the state has let go."""
