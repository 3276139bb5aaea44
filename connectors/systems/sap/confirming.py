"""
What became of journal entries that were asked for by SOAP.

The service ``JournalEntryCreateRequestConfirmation_In`` (scenario SAP_COM_0002) answers 200 also to
what it refuses: then the log's highest severity is 3 and the document's number is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.systems.sap import xml

PATH: Final = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
_SERVICE: Final = "JournalEntryCreateRequestConfirmation_In"
SPACE: Final = "http://sap.com/xi/SAPSCORE/SFIN"
ACTION: Final = f"{SPACE}/{_SERVICE}/{_SERVICE}Request"
ERROR: Final = "3"
_NOTHING: Final = ("", "0000000000", "$")


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the log: ``type`` such as ``507(F5)``."""

    type: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """``message`` is the id of ours that it answers; ``document`` “” when nothing was posted."""

    message: str
    document: str
    year: str
    severity: str
    notes: tuple[Note, ...]


def confirmations(root: xml.Element) -> tuple[dict[str, Confirmation], tuple[Note, ...]]:
    """By the message's id, and what is said of the whole call."""
    bulk = root.find("JournalEntryBulkCreateConfirmation")
    if bulk is None:
        raise xml.Unreadable("It confirms nothing.")
    found = {}
    for one in bulk.all("JournalEntryCreateConfirmation"):
        (log, *_) = [*one.all("Log"), xml.Element("Log")]
        document = one.said("JournalEntryCreateConfirmation", "AccountingDocument")
        message = one.said("MessageHeader", "ReferenceID")
        found[message] = Confirmation(
            message,
            "" if document in _NOTHING else document,
            one.said("JournalEntryCreateConfirmation", "FiscalYear"),
            log.said("MaximumLogItemSeverityCode"),
            _notes(log),
        )
    (log, *_) = [*bulk.all("Log"), xml.Element("Log")]
    return found, _notes(log)


def _notes(log: xml.Element) -> tuple[Note, ...]:
    return tuple(
        Note(item.said("TypeID"), item.said("SeverityCode"), item.said("Note"))
        for item in log.all("Item")
    )
