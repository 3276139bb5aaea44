"""
What came in and what went out: every event, what became of it, and the way through the line again.

    filters     the addresses of the list
    reading     the list: events that came, and commands that were sent
    histogram   how many came when
    detail      one event: what it means, what changed since the one before, what came of it
    replaying   choosing events, the dry run, and the job of replaying them
    rehearsing  a proposed contract against stored events
    views       the list and the page of one event
"""
