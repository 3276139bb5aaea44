"""
Reading the thread of money: from any record, event, journal or command to all that belongs to it.

    hops      the shapes: a hop, a thread, an attempt
    reach     which records belong to a thread, in one query
    rows      what the database knows about them, one query a table
    words     rows as hops, in the words of the page; postings: the same for journals' commands
    told      what other systems were told about a record
    thread    the hops in order, with what is missing shown as missing
    entries   one journal entry: lines with account names, reversals
"""

from __future__ import annotations

from revops.lineage.queries.hops import Hop, Thread
from revops.lineage.queries.thread import thread

__all__ = ["Hop", "Thread", "thread"]
