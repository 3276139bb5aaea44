"""The demo company and the sandbox servers of all connectors."""
