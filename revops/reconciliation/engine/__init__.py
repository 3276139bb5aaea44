"""
How a run finds what differs.

    sides.py       the two SELECTs of a check, ready for one legal entity and range of days
    meeting.py     both sides met by their key in one statement, which adds them up, too
    reading.py     what agrees by its key is left aside; the rest stays
    looking.py     the same, of what changed since the last run
    wanting.py     which keys that takes
    keeping.py     what the last run read of both sides
    folding.py     what a side adds up to, in a form that can be kept up to date
    knowing.py     what is known of the rest: in another period, deleted, edited, a twin
    joining.py     the other rules in their order, over the rest
    rows.py        rows, terms and what was found: plain values
    deciding.py    the type of each difference: pure
    explaining.py  differences that another method of rounding makes: pure
    bases.py       what an amount was computed from, for explaining it
    figures.py     both sides and their breaks, by currency: pure
    writing.py     breaks kept once and settled when they are gone, and their cases
    lags.py        how long a side lags: pure
    suggesting.py  what may belong together, with its reasons: pure
    adding.py      which few rows add up to one: pure
"""
