"""What people do in a close, and what the console does for it by itself."""
