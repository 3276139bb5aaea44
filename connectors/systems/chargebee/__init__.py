"""Chargebee as a source and a target: billing by webhook, by polling, and on request."""
