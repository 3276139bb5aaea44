"""
The certificate of completeness, and the pack of evidence behind it.

    canonical.py   pure: canonical JSON, digests of sets, what is signed and verified
    choosing.py    which entries an auditor looks at: seeded, the same every time
    scope.py       every event and entry of a period, each in one class, in the database
    evidence.py    counts, sums and digests; lists, comparisons, versions
    queries.py     the certificate that stands, what touched it since, those of a period
    operations.py  seal, look again, suspend
    pack.py        the zip: certificate, runs, approvals, versions, sample with chains
    views.py       its pages

What is sealed can be worked out again by hand (docs/certificate.md).
"""
