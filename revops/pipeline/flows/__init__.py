"""
Orchestration: what follows from a business event, in which order, and how each step is undone.

    events/<event>.py   one flow for each event of the published language: steps, never fields
    base.py             what a flow may say
    capabilities.py     what a step may ask of another system, and which systems can do it
    checks.py           what must hold before others are told
    begin.py            the runs of a batch, stored in the line's own transaction
    release.py          steps whose turn has come → commands; a newer state replaces an older one
    advance.py          what follows from the endings of commands
    undo.py             taking back what a run did, in reverse order
    queries.py          runs and counts, for pages

Which fields a command carries is decided in ``revops/pipeline/transform``, which knows no order.
"""
