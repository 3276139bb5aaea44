"""
The line: how a webhook becomes a journal in an ERP.

    receive      prove who sent it, store it once, answer                    receive.py
    normalize    raw body → business events of the published language        normalize.py
    apply        business event → canonical record, if newer and owned       process.py
    orchestrate  what follows from an event, in order                        story.py
    journalize   event → balanced journal by rule and mapping version        journalize.py
    dispatch     journal → one command for each ERP that keeps those books   dispatch.py
                 as a journal, or as a document of the ERP's own             documents.py
    send         command → ERP, once and only once                           revops/delivery

``process`` takes one batch of stored events through all of it in a single transaction, up to the
stored command; ``outcomes`` tells everybody how sending ended. What cannot go on is a case.
"""
