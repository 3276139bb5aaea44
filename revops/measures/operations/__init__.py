"""Sampling, and what people change of objectives."""
