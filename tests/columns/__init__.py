"""Tests of the columns: ids, and what a definition may say."""
