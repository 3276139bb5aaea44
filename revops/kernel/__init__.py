"""Values that everything stands on: money, time, correlation, JSON, keys. No Django, no I/O."""
