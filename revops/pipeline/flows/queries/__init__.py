"""Reads of flows, for cases and pages."""
