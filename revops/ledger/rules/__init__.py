"""
The posting rules: what a business event means for the books.

Each rule is a pure function of the event's data and the books' maps; the same input gives the same
journal, so a replay is recognised by its content. Treatments are those of docs/accounting.md, by
its ids (J1 …), with their sources.
"""
