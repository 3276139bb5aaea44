"""
The end of a period: what belongs into it although no event says so on the day.

    recognition     deferred revenue becomes revenue (J2)            recognize.py
    usage           usage that is not billed yet (J3a)               usage.py
    credits         credits that nobody has decided yet (J5c1)       credits.py
    noncurrent      deferred for more than a year (J1-nc)            noncurrent.py
    remeasurement   foreign monetary balances (J10b, J10c)           remeasure.py
    netdown         billed, unpaid and still conditional             netdown.py

Each run compares what the books should hold at the end of the period with what they hold, and posts
the difference: it can be run again at any time while the period is open. What is taken back on the
first day of the next period is taken back in the same transaction. ``runs`` does them in order and
keeps their results; ``periods`` opens and closes.
"""
