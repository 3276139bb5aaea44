"""
A certificate as a PDF: PDF/A-3b, with the signed file attached as its source, so that what people
read and what ``manage.py certificate verify`` checks travel together.

The same certificate gives the same bytes: fonts are those that come with the typesetter, and the
date is that of the seal. Of a suspended one the first page says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typst

from revops.close.certificate.operations import as_file
from revops.close.certificate.words import told
from revops.close.models import Certificate
from revops.kernel.money import Money
from revops.web.formats import money_text

_FORM: Final = Path(__file__).with_name("certificate.typ")
_INSTANT: Final = "%Y-%m-%d %H:%M UTC"


def of(certificate: Certificate) -> bytes:
    """The PDF of a certificate as it stands."""
    written = typst.compile(
        _FORM.read_bytes(), format="pdf", pdf_standards=["a-3b"], ignore_system_fonts=True,
        timestamp=int(certificate.sealed_at.timestamp()),
        sys_inputs={
            "data": json.dumps(told_on_paper(certificate), ensure_ascii=False),
            "file": as_file(certificate),
        },
    )  # fmt: skip
    assert isinstance(written, bytes)
    return written


def told_on_paper(certificate: Certificate) -> dict[str, Any]:
    """All that the form shows, as words; amounts with their currency."""
    body = json.loads(certificate.body)
    found, sealed = told(body["evidence"]), body["sealed"]
    since = certificate.suspended_at
    return {
        "number": str(certificate),
        "entity": certificate.legal_entity.name,
        "period": f"{found['period']['code']}, {found['period']['starts']} to "
        f"{found['period']['ends']} ({found['period']['zone']})",
        "sealed": f"{certificate.sealed_at.strftime(_INSTANT)} by {sealed['by']}",
        "suspended": f"{since.strftime(_INSTANT)}. {certificate.suspended_why}" if since else "",
        "names": [f"{one['by']}, {one['role']}, {one['at']}" for one in sealed["signed_off"]],
        "events": _events(found),
        "unknown": f"{found['unknown']:,}" if found["unknown"] else "",
        "reasons": [[one["reason"], f"{one['count']:,}"] for one in found["events"]["excluded"]],
        "open": list(found["open_cases"]),
        "entries": [
            [label, f"{row['count']:,}", _money(row["amount"], row["currency"])]
            for label, _, row in found["entry_classes"]
        ],
        "compared": [line for run in found["compared"] for line in _compared(run)],
        "lists": [
            [origin, one["kind"] + ("" if one["state"] == "standing" else f", {one['state']}"),
             f"{one['count']:,}", _money(one["amount"], one["currency"])]
            for rows, name in ((found["lists"], ""), (found["records"], "Our records"))
            for one in rows
            for origin in [name or one["connection"]]
        ],
        "digests": [
            ["All of the evidence", certificate.evidence],
            ["Events", found["events"]["sha256"]],
            ["Entries", found["entries"]["sha256"]],
            ["Link of the audit trail", f"{sealed['audit']['seq']}: {sealed['audit']['hash']}"],
            ["Signature (Ed25519)", certificate.signature],
            ["Key", certificate.key],
        ],
    }  # fmt: skip


def _events(found: Mapping[str, Any]) -> list[list[str]]:
    rows = [[label, f"{count:,}"] for label, _, count, _ in found["event_classes"]]
    return [*rows, ["All events in scope", f"{found['events']['count']:,}"]]


def _compared(run: Mapping[str, Any]) -> list[list[str]]:
    signed: Sequence[str] = run["signed"]
    between = f"{run['left'] or 'our records'} and {run['right'] or 'our records'}"
    return [
        [
            f"{run['label']}\n{between}",
            f"{_money(one['left']['amount'], one['currency'])}\n{one['left']['count']:,}",
            f"{_money(one['right']['amount'], one['currency'])}\n{one['right']['count']:,}",
            _money(one["difference"], one["currency"]),
            "\n".join(f"{word}: {held['count']:,}" for word, held in one["explained"])
            or "No difference",
            ", ".join(signed) or "Nobody",
        ]
        for one in run["currencies"]
    ]


def _money(minor: int, currency: str) -> str:
    return money_text(Money(minor, currency))
