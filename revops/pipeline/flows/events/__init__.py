"""One flow for each event, in a file of its name."""
