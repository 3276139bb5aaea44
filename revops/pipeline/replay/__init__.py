"""
Stored events through the line again, chosen by hand, after a look at what would come of it.

    chosen.py   which events: by event, case, connection, type, state, time, entity or id
"""
