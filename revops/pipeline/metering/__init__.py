"""
Usage on the line: how raw records come in, and what happens to them from then on.

    door      prove who sent them, store them once, answer record by record     door.py
    turn      count, match, rate, tell; look again for what changed              turn.py
    findings  what needs a person, in business words                             findings.py
    kinds     the classes of these cases, and the acts that settle them          kinds.py

Raw records never enter the inbox, and no command is ever made of one: what leaves the console are
rated lines (``revops/usage``).
"""
