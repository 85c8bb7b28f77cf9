"""Who else works on each epoch: live counters, and what installed packages bring.

A consumer has a thread of its own, reads epochs back from the lake, by number and in order, and
keeps its own durable position. So it may be slow, fail or die: acknowledgement, epochs and other
consumers go on, and an epoch is given again until the consumer says that it is done with it.
See docs/extend/consumer.md.
"""
