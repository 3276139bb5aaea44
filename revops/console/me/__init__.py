"""A person's own page: how they see things, how they sign in, where they are signed in."""
