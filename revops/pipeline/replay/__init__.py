"""
Stored events through the line again, chosen by hand, after a look at what would come of it.

    chosen.py     which events: by event, case, connection, type, state, time, entity or id
    rehearse.py   what would come of it: create, update, skip, wait, fail
    contract.py   stored events against a contract that is only proposed
    limits.py     what one person does alone, and how much of a target's rate it takes
    kind.py       doing it, as a job: at a rate, in order, stoppable
    subject.py    many at once, as something that a second person agrees to
"""
