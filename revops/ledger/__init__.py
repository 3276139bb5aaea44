"""Balanced journal entries, never changed, only reversed; and how revenue is spread over time."""
