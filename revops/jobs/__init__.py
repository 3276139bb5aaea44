"""
Bulk work: one act, asked for by a person, done to many records by a worker.

What is done to which records is frozen when the job is drafted (``BLK-n``); a draft changes
nothing and is the preview. Started, it runs in slices: an item is done in the same transaction as
its effect, so a worker may be killed at any moment. Whoever owns an act declares it as a kind
(``kinds.declare``); this app knows none of them by name.
"""
