"""
The books on the screen: journal entries and revenue schedules, each a list and a page.

    filters    the addresses of the lists
    journals   reading entries: what was recorded, and whether an ERP holds it
    schedules  reading schedules: how revenue is spread, and what has been recognised
    views      the pages
"""
