"""
Rehearsals: drills that a person throws at the running demo console through the sandboxes.

``catalogue`` says which drills there are, ``operations`` starts, stops and goes on with them,
``doors`` is the only way out, and leads to sandboxes on this machine alone. ``counting`` compares
what billing and the ERP themselves say they issued and hold; ``queries`` adds what the console
knows of the rest.
"""
