"""
Facts for a warehouse: what changed since the last look, in slices, as commands of delivery.

``facts`` says which rows a fact has, ``operations.load`` finds what is due and asks for it. What a
row is called there is in ``connectors/facts.py``.
"""
