"""What people type to set a connection up: its settings, and its credentials."""
