"""
What whoever is quoting or answering a customer asks for, read from the canonical records at once.

Each subject is a module of reads with a fixed number of statements, whatever the customer's size.
``reach`` says which books a caller may see; ``freshness`` how new the answer is.
"""
