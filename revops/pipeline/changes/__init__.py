"""
Changes of the maps, seen against the business: what lacks a map, what a set would do, whom it asks,
and what goes on when it is in force.

    gaps.py       codes that were used and have no map, from open cases
    forecast.py   codes that will be used and have none, from what customers subscribe to
    impact.py     what a set would do: cases cleared, what they book, what comes, what was posted
    subject.py    a set as something that a second person agrees to
    asking.py     sending a set, and previewing it
"""
