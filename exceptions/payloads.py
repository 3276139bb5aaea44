"""
What was sent beside what our books say, field by field, so that a difference can be seen.

Texts of other systems may name people: what tells where they live or how to reach them is masked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from revops.delivery.models import OutboundCommand
from revops.kernel.money import AmountInvalid, Money
from revops.kernel.sight import MASK, mask_addresses
from revops.ledger.models import JournalEntry
from revops.lineage.queries.entries import Line
from revops.web.formats import money_text

# What systems call the personal parts of a customer; shown to nobody here.
_PERSONAL: Final = frozenset(
    {
        "address",
        "address_line1",
        "address_line2",
        "billing_details",
        "city",
        "customer_address",
        "customer_phone",
        "customer_shipping",
        "customer_tax_ids",
        "fingerprint",
        "ip",
        "last4",
        "line1",
        "line2",
        "phone",
        "postal_code",
        "shipping",
        "tax_id",
    }
)
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the posting: ours and what was sent; both as text for people."""

    label: str
    ours: str
    sent: str

    @property
    def same(self) -> bool:
        return self.ours == self.sent


def fields(command: OutboundCommand, entry: JournalEntry, lines: Sequence[Line]) -> list[Field]:
    """The differing fields first. A payload that is not a posting gives none."""
    payload = _parsed(command.payload)
    if payload is None:
        return []
    currency = str(payload.get("currency", ""))
    sent_lines = [line for line in payload.get("lines", []) if isinstance(line, dict)]
    made = [
        Field("Our key", command.key, command.key),
        Field("Number", f"JE-{entry.pk}", str(payload.get("number", ""))),
        Field(
            "Accounting date",
            entry.accounting_date.isoformat(),
            str(payload.get("accounting_date", "")),
        ),
        Field("Period", entry.period.code, str(payload.get("period", ""))),
        Field("Description", entry.description, str(payload.get("description", ""))),
        Field(
            "Total",
            money_text(Money(entry.amount, entry.currency)),
            _money(sum(_minor(line, "debit") for line in sent_lines), currency),
        ),
    ]
    for index in range(max(len(lines), len(sent_lines))):
        ours = _ours(lines[index]) if index < len(lines) else "no line"
        sent = _sent(sent_lines[index], currency) if index < len(sent_lines) else "no line"
        made.append(Field(f"Line {index + 1}", ours, sent))
    return sorted(made, key=lambda field: field.same)


def readable(text: str, *, revealed: bool = False) -> str:
    """A payload or an answer for people: indented when it is JSON, and masked unless revealed."""
    parsed = _parsed(text)
    if parsed is not None:
        shown = parsed if revealed else _masked(parsed)
        text = json.dumps(shown, indent=2, ensure_ascii=False)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n… {len(text) - _LONGEST:,} more characters"
    return text if revealed else str(mask_addresses(text))


def leaves(text: str, *, revealed: bool = False) -> dict[str, str]:
    """The values of a JSON payload by their path (``data.lines[0].amount``), masked as above."""
    parsed = _parsed(text)
    found: dict[str, str] = {}
    if parsed is None:
        return found
    waiting: list[tuple[str, Any]] = [("", parsed if revealed else _masked(parsed))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{path}.{key}" if path else key, held) for key, held in value.items()]
        elif isinstance(value, list) and value:
            waiting += [(f"{path}[{index}]", held) for index, held in enumerate(value)]
        else:
            words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[path] = words if revealed else str(mask_addresses(words))
    return found


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: MASK if key in _PERSONAL and held else _masked(held) for key, held in value.items()
        }
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _ours(line: Line) -> str:
    if line.debit is not None:
        return f"{line.account} debit {money_text(line.debit)}"
    return f"{line.account} credit {money_text(line.credit)}" if line.credit else line.account


def _sent(line: dict[str, Any], currency: str) -> str:
    debit = _minor(line, "debit")
    side, amount = ("debit", debit) if debit else ("credit", _minor(line, "credit"))
    return f"{line.get('account', '')} {side} {_money(amount, currency)}"


def _minor(line: dict[str, Any], side: str) -> int:
    value = line.get(side, 0)
    return value if type(value) is int else 0


def _money(minor: int, currency: str) -> str:
    try:
        return money_text(Money(minor, currency))
    except AmountInvalid:
        return f"{minor} minor units of {currency or 'no currency'}"
