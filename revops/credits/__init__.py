"""
Service credits: what a customer may get back, from the request to the ERP's credit memo.

    policy.py      what a customer is entitled to, how much, and what stands against it (pure)
    life.py        the states of a request and which may follow which (pure)
    preview.py     what will post, by the rules of the books, without writing
    operations/    draft, send, decide, follow, raise by rule
    subject.py     what the approvals engine has to know

A request tells the line what became of it (``receive.tell``), like every other event: the books
accrue it, billing issues it, the ticket shows it. What comes back moves the request on
(``operations/following``).
"""
