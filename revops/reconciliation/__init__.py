"""
Reconciliation: do the systems tell the same story, and where not, why and what to do.

    checks/       what is compared: one class per file, each with a left and a right side in SQL
    models/       what systems listed, runs, breaks, matches, rules, sign-offs, lags
    operations/   load lists, run, match, sign off, change rules
    queries/      pairs, runs, breaks, suggestions
    kinds.py      the case kinds of breaks, and their fixes

A run is set-wise in PostgreSQL. Its result depends on what both sides hold and on the version of
the rules, on nothing else: the same run twice gives the same breaks.
"""
