"""Statements out of expressions: what all models are made from."""
