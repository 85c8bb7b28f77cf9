"""A cluster on this machine, and an embedded home beside it: the parts of `tools/cluster_demo.py`.

Everything is started by the verbs and settings that an operator uses; each *machine* is a directory
with a home of its own, so what two of them share they share by broker, database and bucket.
"""
