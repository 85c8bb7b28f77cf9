"""Where the lake lies: its catalog, files that survive a power cut, and locks."""
