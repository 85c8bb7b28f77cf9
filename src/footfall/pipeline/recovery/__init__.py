"""Where a start begins: checkpoints, the lake, and rows made again after damage."""
