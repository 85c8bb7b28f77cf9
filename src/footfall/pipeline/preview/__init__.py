"""The open epoch as readers see it: previews, tail files, cuts."""
