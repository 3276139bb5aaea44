"""Links between records, and the thread that can be followed in both directions."""
