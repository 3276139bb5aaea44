"""Reading connections across domains: their state, what waits, and what went through lately."""
