"""
Writing canonical records, a batch at a time.

``Batch`` loads what a batch of events touches, applies each event in memory in order, and writes
everything at the end in one statement a table. The caller holds the transaction and the locks.
"""

from revops.canonical.operations.batch import Batch
from revops.canonical.operations.change import Change, Effect, Telling

__all__ = ["Batch", "Change", "Effect", "Telling"]
