"""Reading what runs found: lists of runs, leftovers, figures, sign-offs, rules."""
