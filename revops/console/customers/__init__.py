"""
The customer as one: who it is, what it has, what it owes, and what stands in the way.

    listing    the list of customers, searched by name
    reading    one customer's page
    records    any canonical record: its facts, its history, how systems differ on it
    views      the pages
"""
