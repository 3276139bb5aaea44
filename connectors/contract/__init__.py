"""
What a connector promises. Pure: neither Django nor Celery.

A connector is one object with a manifest and any of three abilities: ``EventSource`` (it tells us
things, ``events``), ``CommandSink`` (we ask it to do things, ``commands``), ``SnapshotSource`` (it
lists what it holds, ``snapshots``). Connectors classify what a vendor answered (``outcomes``); they
never retry, wait, or keep state of their own.
"""

from __future__ import annotations

from connectors.contract.commands import (
    Command,
    CommandSink,
    DocumentSource,
    Found,
    HeldDocument,
    HeldLine,
    Receipt,
)
from connectors.contract.events import (
    Answering,
    Envelope,
    EventSource,
    Handshaking,
    ObjectSource,
    Page,
    Reply,
    UsageSource,
)
from connectors.contract.outcomes import (
    CallFailed,
    Grade,
    NeedsFetch,
    Outcome,
    PayloadUnreadable,
    SignatureInvalid,
    TypeUnknown,
)
from connectors.contract.settings import (
    Checking,
    Configured,
    Probe,
    ProbeStep,
    Settings,
    Trouble,
)
from connectors.contract.snapshots import (
    SnapshotRow,
    SnapshotSource,
)

__all__ = [
    "Answering",
    "CallFailed",
    "Checking",
    "Command",
    "CommandSink",
    "Configured",
    "DocumentSource",
    "Envelope",
    "EventSource",
    "Found",
    "Grade",
    "Handshaking",
    "HeldDocument",
    "HeldLine",
    "NeedsFetch",
    "ObjectSource",
    "Outcome",
    "Page",
    "PayloadUnreadable",
    "Probe",
    "ProbeStep",
    "Receipt",
    "Reply",
    "Settings",
    "SignatureInvalid",
    "SnapshotRow",
    "SnapshotSource",
    "Trouble",
    "TypeUnknown",
    "UsageSource",
]
