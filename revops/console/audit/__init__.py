"""The audit trail as pages, and as files that prove it."""
