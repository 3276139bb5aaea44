"""Doors for machines: webhooks in, the REST API, health."""
