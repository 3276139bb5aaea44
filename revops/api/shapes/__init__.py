"""
How records look to services. Amounts are whole minor units with their currency; instants are UTC;
ids are those that the screens show.
"""
