"""What every request meets before and after the routes.

The guard (host, origin, session, headers of every answer), errors in their one shape, bounded
bodies, work that ends with its asker, and the files of the front end.
"""
