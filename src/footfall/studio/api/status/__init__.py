"""Is everything running, how far is it, and do the ledgers add up?"""
