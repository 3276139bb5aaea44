"""
What came in and what went out: every event, what became of it, and the way through the line again.

    filters     the addresses of the list
    reading     the list: events that came, and commands that were sent
    histogram   how many came when
    detail      one event: what it means, what changed since the one before, what came of it
    views       the pages
"""
