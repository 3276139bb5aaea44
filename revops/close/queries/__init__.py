"""Reads of the close: evidence in few statements for all legal entities at once."""
