"""
Accounting periods for people: which are open, what their end made, opening and closing.

    reading   the lists and one period, from the calendar, the runs and the books
    views     the pages, and the two acts
"""
