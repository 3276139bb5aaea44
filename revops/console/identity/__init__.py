"""
Customers that may be one, and a customer's place in a group: pages on which a person decides.

    reading    proposals and merges as these pages show them
    views      the pages
"""
