"""What systems say against the owner of a field becomes a case where it is about money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from exceptions import operations as cases
from exceptions.findings import Finding, fingerprint_of
from revops.canonical.operations import golden
from revops.canonical.operations.drifts import Difference
from revops.canonical.operations.ownership import at_stake, items_of
from revops.kernel import strict_json
from revops.store import sql

KIND: Final = "ownership_drift"
_WORDS: Final = {"items": "what was sold", "currency": "currency", "tax_id": "tax ID"}


def drifted(found: Sequence[Difference]) -> list[Finding]:
    """One finding for each customer or contract, whatever the number of its fields."""
    if not found:
        return []
    names = {
        row.id: row.label
        for row in sql.rows(
            "SELECT id, label FROM connectors_connection WHERE id = ANY(%s)",
            ([one for each in found for one in (each.owner_id, each.other_id) if one],),
        )
    }
    records = {
        (row.kind, row.id): row
        for row in sql.rows(_RECORDS, ([each.record_id for each in found],) * 2)
    }
    grouped: dict[tuple[str, int], list[Difference]] = defaultdict(list)
    for each in found:
        grouped[each.kind, each.record_id].append(each)
    return [
        _finding(records[key], differences, names)
        for key, differences in grouped.items()
        if key in records
    ]


def settle(agreed: Iterable[tuple[str, int]], *, at: datetime) -> None:
    """Systems agree again about the money of these records."""
    fingerprints = [fingerprint_of(KIND, f"{kind}:{record_id}") for kind, record_id in agreed]
    if fingerprints:
        cases.settle(fingerprints=fingerprints, text="The systems agree again.", at=at)


def look_again(*, most: int = 500) -> int:
    """
    Every customer follows the matrix of today, also those of whom nobody has told since a rule
    began or ended; in transactions of ``most``. How many customers were looked at.
    """
    last = looked = 0
    while True:
        with sql.atomic():
            rows = sql.rows(_NEXT, (last, most))
            if not rows:
                return looked
            ids = [row.id for row in rows]
            outcome = golden.resettle(ids, rows[0].at)
            settle(outcome.agreed, at=rows[0].at)
            cases.report(drifted(outcome.opened), at=rows[0].at)
        looked, last = looked + len(ids), ids[-1]


def _finding(record: Any, differences: Sequence[Difference], names: dict[int, str]) -> Finding:
    first = differences[0]
    owner = names.get(first.owner_id or 0, "the console")
    other = names.get(first.other_id, "another system")
    fields = " and ".join(dict.fromkeys(_WORDS.get(each.field, each.field) for each in differences))
    stakes = [
        at_stake(each.owner_value, each.other_value)
        for each in differences
        if each.field == "items"
    ]
    what = "Contract" if record.kind == "contract" else "Customer"
    return Finding(
        kind=KIND,
        identity=f"{record.kind}:{record.id}",
        cause_parts=f"{first.owner_id}|{first.other_id}|{first.field}",
        cause=f"{other} says something else about {fields} than {owner}, which owns it",
        what_happened=(
            f"{what} {record.name}: {other} differs from {owner} on {fields}. "
            f"{owner} owns it, so its value stands."
        ),
        legal_entity_id=first.legal_entity_id,
        currency=record.currency if stakes else "",
        at_stake=stakes[0] if stakes and record.currency else None,
        path=f"{other} ↔ {owner}",
        customer_name=record.customer,
        subject_label=f"{what} {record.name}",
        blocked_steps=("Bill what was agreed",),
        facts=tuple(
            fact
            for each in differences
            for fact in (
                (f"{owner}: {_WORDS.get(each.field, each.field)}", _shown(each, each.owner_value)),
                (f"{other}: {_WORDS.get(each.field, each.field)}", _shown(each, each.other_value)),
            )
        ),
        inbound_id=first.event_id,
        record_kind="contract" if record.kind == "contract" else "customer",
        record_id=record.id if record.kind == "contract" else record.customer_id,
    )


def _shown(each: Difference, value: str) -> str:
    """A claim as a person reads it."""
    if each.field == "items":
        return ", ".join(f"{quantity} × {sku}" for sku, (quantity, _) in items_of(value).items())
    return str(strict_json.loads(value or '""') or "nothing")


_NEXT = """
SELECT id, now() AS at FROM canonical_party WHERE id > %s AND merged_into_id IS NULL
ORDER BY id LIMIT %s
"""
_RECORDS = """
SELECT 'party' AS kind, party.id, party.name, '' AS currency, party.name AS customer,
    (SELECT min(customer.id) FROM canonical_customer customer WHERE customer.party_id = party.id)
        AS customer_id
FROM canonical_party party WHERE party.id = ANY(%s)
UNION ALL
SELECT 'contract', contract.id, coalesce(nullif(contract.number, ''), contract.source_id),
    contract.currency, customer.name, customer.id
FROM canonical_contract contract JOIN canonical_customer customer
    ON customer.id = contract.customer_id WHERE contract.id = ANY(%s)
"""
