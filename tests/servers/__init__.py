"""The servers of `tools/servers` for tests: one of each in a session, started by who first asks.

`tests/conftest.py` has the fixtures, so every folder shares them. Whoever stops a server starts it
again. Where one cannot be had its tests are skipped, which fails with CI=true.
"""
