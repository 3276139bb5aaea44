"""Avalara AvaTax: what was billed is recorded, what the engine would charge is read."""
