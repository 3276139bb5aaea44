"""
What the console is run by: how fast, how much, how well, and what of a promise is left.

    bounds.py      the buckets in which times are counted, and what they say
    catalogue.py   what is sampled: one statement each, over hours that an index finds
    budgets.py     objectives, error budgets and how fast they burn
    exposition.py  the text that Prometheus reads
    operations/    sample, change an objective or an assumption
    queries/       sums of samples over a time

Samples are kept by hour and legal entity, so that a page reads some hundred rows whatever came in.
"""
