"""Signing in and out, the second factor, passwords, and the company's own sign-in."""
