"""What each service of the sandbox answers: collections of OData, confirmations of SOAP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.systems.sap import xml
from connectors.systems.sap.sandbox import schema
from connectors.systems.sap.sandbox.odata import Row, listed
from connectors.systems.sap.sandbox.world import Rejected, World

SOAP: Final = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
_PARTNER: Final = re.compile(r"API_BUSINESS_PARTNER/A_BusinessPartner\('([0-9]+)'\)")
_SPACE: Final = "http://schemas.xmlsoap.org/soap/envelope/"


def read(world: World, path: str, asked: Mapping[str, str]) -> list[Row]:
    """Raises KeyError for a collection that is not there, Invalid for a query."""
    collections = {
        "API_COMPANYCODE_SRV/A_CompanyCode": world.companies,
        "API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountInChartOfAccounts": world.accounts,
        "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube": lambda: world.items,
        "API_BUSINESS_PARTNER/A_BusinessPartner": lambda: list(world.partners.values()),
        "YY1_POSTINGPERIODS_CDS/YY1_PostingPeriods": world.periods,
    }
    return listed(collections[path](), asked)


def number(path: str) -> str:
    """The business partner that a path names. Raises KeyError."""
    found = _PARTNER.fullmatch(path)
    if found is None:
        raise KeyError(path)
    return found[1]


def post(world: World, raw: bytes) -> tuple[int, bytes]:
    """Status and body: each entry is posted or refused by itself."""
    try:
        bulk = xml.read(raw).find("JournalEntryBulkCreateRequest")
    except xml.Unreadable:
        bulk = None
    if bulk is None or not bulk.said("MessageHeader", "CreationDateTime"):
        return 500, fault("CX_ST_DESERIALIZATION_ERROR: the request cannot be read")
    wrong = [found for one in bulk.children if (found := schema.problem(one))]
    if wrong:
        return 500, fault(f"CX_ST_DESERIALIZATION_ERROR: {wrong[0]}")
    told = []
    for one in bulk.all("JournalEntryCreateRequest"):
        (entry, *_) = one.all("JournalEntry")
        message = one.said("MessageHeader", "ID")
        if not message:
            told.append(
                _confirmation("", "", "", "", [("019(FINS)", "3", "ID should not be empty")])
            )
            continue
        try:
            document, company, year = world.post(entry)
        except Rejected as rejected:
            notes = [(kind, "3", text) for kind, text in rejected.notes]
            told.append(_confirmation(message, "0000000000", "", "0000", notes))
            continue
        words = f"Document posted successfully: BKPFF {document}{company}{year}"
        told.append(_confirmation(message, document, company, year, [("605(RW)", "1", words)]))
    return 200, _envelope(told)


def refused(raw: bytes, kind: str, words: str) -> bytes:
    """A confirmation that refuses everything that was asked."""
    bulk = xml.read(raw).find("JournalEntryBulkCreateRequest")
    assert bulk is not None
    notes = [(kind, "3", words)]
    messages = [one.said("MessageHeader", "ID") for one in bulk.all("JournalEntryCreateRequest")]
    return _envelope([_confirmation(one, "0000000000", "", "0000", notes) for one in messages])


def silent() -> bytes:
    return _envelope([])


def fault(words: str) -> bytes:
    said = [("faultcode", "soap-env:Server"), ("faultstring", words)]
    return _soap(xml.write("soap-env:Fault", said))


def _confirmation(
    message: str, document: str, company: str, year: str, notes: Sequence[tuple[str, str, str]]
) -> tuple[str, Any]:
    log: list[tuple[str, Any]] = [
        ("MaximumLogItemSeverityCode", max(severity for _, severity, _ in notes))
    ]
    log += [
        ("Item", [("TypeID", kind), ("SeverityCode", severity), ("Note", text)])
        for kind, severity, text in notes
    ]
    posted = [("AccountingDocument", document), ("CompanyCode", company), ("FiscalYear", year)]
    header = [("UUID", "2d656d48-6d1b-1eee-bc82-9fbbd1ef55ff"), ("ReferenceID", message)]
    return "JournalEntryCreateConfirmation", [
        ("MessageHeader", header), ("JournalEntryCreateConfirmation", posted), ("Log", log),
    ]  # fmt: skip


def _envelope(told: Sequence[tuple[str, Any]]) -> bytes:
    name = "n0:JournalEntryBulkCreateConfirmation"
    space = {"xmlns:n0": "http://sap.com/xi/SAPSCORE/SFIN"}
    return _soap(xml.write(name, [("MessageHeader", [("UUID", "0")]), *told], **space))


def _soap(inner: str) -> bytes:
    return (
        f'<soap-env:Envelope xmlns:soap-env="{_SPACE}"><soap-env:Header/>'
        f"<soap-env:Body>{inner}</soap-env:Body></soap-env:Envelope>"
    ).encode()
