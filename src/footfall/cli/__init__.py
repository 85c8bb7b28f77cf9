"""The command line: one file a verb, wired in `main`; heavy parts are imported by the verb that needs them."""
