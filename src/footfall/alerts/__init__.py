"""Alerts: rules over sessions and measures, and who is told when they hold.

A rule is an SQL condition over each session that closes, a measure over windows of time, or how far
that measure is from the same hours of past weeks. What fires is decided once, durably, together
with what is to be told (`deciding`); an outbox then tells each channel at least once, with the same
delivery id on every try. Late events may withdraw a firing, or bring one. A back-test asks the lake
by the same statements and the same judgement, so that it says what would have fired.

Light to import: DuckDB and Arrow are loaded where rows are looked at.
"""
