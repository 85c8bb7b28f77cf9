"""The command line: one file a verb, wired in `main`; a verb imports its heavy parts itself."""
