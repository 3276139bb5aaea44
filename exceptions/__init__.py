"""Business exceptions: everything that needs a person is one case, grouped by cause."""
