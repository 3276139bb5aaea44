"""Making rules, looking at them, telling people, and saying that somebody has taken it on."""
