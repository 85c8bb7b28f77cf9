"""Crawls: what lies in a folder or bucket, made into tables, again and again."""
