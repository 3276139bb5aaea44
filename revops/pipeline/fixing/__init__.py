"""
The fix beside the failure: what a cause lacks is filled in on its own page, previewed, agreed to
and put into force; what waited goes through the line again.

    lacking.py    what a cause lacks, the form for it, and values that would fit
    looking.py    what the fix would do: a rehearsal of the blocked events that writes nothing
    applying.py   a change set of one row, sent to whoever decides (``pipeline/changes``)
    earlier.py    fixes that were put into force: what really became of them, and whether they held
    maps.py       all of it as the fix of a missing mapping (``exceptions/fixes.py``)
    customers.py  a customer that its system has not told of: linked, or told of by a person
    places.py     where a cause is mended that takes no form here

The replay itself is a job: ``pipeline/again.py``.
"""
