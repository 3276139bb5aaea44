"""Reading across domains: what the switches offer, and what each home shows."""
