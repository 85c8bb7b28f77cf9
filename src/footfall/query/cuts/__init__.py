"""A cut as the engine sees it: where it lies, its files, the views over them."""
