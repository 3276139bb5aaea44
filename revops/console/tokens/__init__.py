"""Service tokens on a page: made, shown once, ended, and which end soon."""
