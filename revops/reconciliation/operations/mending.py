"""
What puts an ERP right again, where it differs from our books: a document of its own is reversed by
another one, and a journal that it lost or changed is posted again. Nothing is edited or deleted
there, and our books stay as they are. Somebody else agrees first (``reversing.py``).

    duplicate, not in our books    reverse the document that is too many
    deleted                        post ours again, under a key of its own
    edited, amount, tax, period    reverse what the ERP holds, and post ours again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from exceptions.models import Case
from revops.delivery import operations as delivery
from revops.delivery.decide import LIVE, State
from revops.delivery.operations import Order
from revops.kernel import correlation, strict_json
from revops.mappings.models import AccountingPeriod
from revops.reconciliation.engine.rows import natural
from revops.reconciliation.models import Break, BreakState, BreakType, Holding
from revops.store import sql

CHECK: Final = "erp_journals"
REVERSAL: Final = "erp_reversal"
# Parts the key of a journal that is posted again from that of its first posting.
AGAIN: Final = "~"
LANE: Final = "primary"
_TOO_MANY: Final = frozenset(
    (BreakType.DUPLICATE, BreakType.PROBABLE_DUPLICATE, BreakType.MISSING_LEFT)
)
_LOST: Final = frozenset((BreakType.DELETED, BreakType.MISSING_RIGHT))
_WRONG: Final = frozenset((BreakType.EDITED, BreakType.AMOUNT, BreakType.TAX, BreakType.PERIOD))

_COMMANDS: Final = """
SELECT DISTINCT ON (command.subject_id) command.id, command.key, command.state, command.payload,
    command.external_id, command.business_key, command.document_type, command.revision,
    command.lane, command.kind, command.currency, command.amount, command.period_code,
    command.subject_id, command.correlation_id, command.legal_entity_id, entity.code AS entity
FROM delivery_outboundcommand command
JOIN mappings_legalentity entity ON entity.id = command.legal_entity_id
WHERE command.connection_id = %s AND command.subject_kind = 'journal'
    AND (command.subject_id = ANY(%s) OR command.key = ANY(%s)) AND command.state <> 'cancelled'
ORDER BY command.subject_id, command.id DESC
"""


class CannotMend(Exception):
    """Nothing can be proposed; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """A document of the ERP that another one takes back. ``lines`` are (account, minor units)."""

    holding_id: int
    external_id: str
    number: str
    dated: date
    currency: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be asked of the ERP. ``posts`` are commands whose journal is posted again."""

    connection_id: int
    system: str
    entity: str
    reverses: Sequence[Reversal] = ()
    posts: Sequence[Any] = ()
    amounts: Mapping[str, int] = field(default_factory=dict)


def break_of(case: Case) -> Break | None:
    """The break that the case stands for; None when it is settled by now."""
    return (
        Break.objects.filter(case=case)
        .exclude(state=BreakState.SETTLED)
        .select_related("pair__right", "pair__left", "legal_entity")
        .first()
    )


def plan(found: Break) -> Plan:
    """Reads only. Raises CannotMend."""
    connection = found.pair.right
    if found.pair.check_slug != CHECK or connection is None:
        raise CannotMend("Only journals of an ERP are put right from here.")
    held = _held(found)
    commands = {row.subject_id: row for row in _commands(found, held)}
    if any(row.state in {one.value for one in LIVE} for row in commands.values()):
        raise CannotMend("A posting of it is on its way. Compare again when it has arrived.")
    reverses: list[Reversal] = []
    posts: list[Any] = []
    if found.type in _TOO_MANY:
        kept = {row.external_id for row in commands.values()}
        spare = [one for one in held if one.external_id not in kept] or _paired(found, held, kept)
        reverses = [_reversal(one) for one in spare]
    elif found.type in _LOST:
        posts = [row for row in commands.values() if row.state == State.POSTED.value]
    elif found.type in _WRONG:
        reverses = [_reversal(one) for one in held if one.state == "posted"]
        posts = list(commands.values())
    if not reverses and not posts:
        raise CannotMend(f"There is nothing in {connection.label} that could be put right by us.")
    if found.type not in _TOO_MANY and not posts:
        raise CannotMend(f"It was never posted to {connection.label}: retry its posting.")
    return Plan(
        connection.pk, connection.label, found.legal_entity.code, reverses, posts,
        _amounts(reverses, posts),
    )  # fmt: skip


def carry_out(found: Break, agreed: Plan) -> int:
    """Ask the ERP, in the caller's transaction. How many documents were asked for."""
    story = correlation.new_id()
    orders = [_reversing(found, one, agreed, story) for one in agreed.reverses]
    orders += [_again(found, row, agreed) for row in agreed.posts]
    return delivery.enqueue(orders)


def _held(found: Break) -> list[Holding]:
    """What the ERP lists of it, as it was listed last; the first one first."""
    ids = [str(row["id"]) for row in found.right if row.get("id")]
    held = Holding.objects.filter(
        connection_id=found.pair.right_id or 0, kind="journal", external_id__in=ids, gone_in=None
    )
    return sorted(held, key=lambda one: natural(one.external_id))


def _paired(found: Break, held: Sequence[Holding], kept: set[str]) -> list[Holding]:
    """
    Of a break that names what we posted: the copy that was taken for it. Equal rows are paired by
    their ids, and those of an ERP need not be in the order in which they were made.
    """
    keys = {one.key for one in held if one.key}
    others = Break.objects.filter(
        pair_id=found.pair_id, legal_entity_id=found.legal_entity_id, type=found.type
    ).exclude(state=BreakState.SETTLED)
    named = {str(row.get("id")) for other in others for row in other.right}
    rows = Holding.objects.filter(
        connection_id=found.pair.right_id or 0, kind="journal", key__in=keys, gone_in=None
    )
    return [one for one in rows if one.external_id not in kept | named]


def _commands(found: Break, held: Sequence[Holding]) -> list[Any]:
    entries = [
        int(row["record_id"])
        for row in (*found.left, *found.right)
        if row.get("record_kind") == "journal" and row.get("record_id")
    ]
    keys = [one.key for one in held if one.key]
    return sql.rows(_COMMANDS, (found.pair.right_id, entries, keys))


def _reversal(held: Holding) -> Reversal:
    booked = (held.accounts or {}).get(held.currency, {})
    lines = tuple((account, -amount) for account, amount in sorted(booked.items()) if amount)
    if not lines:
        raise CannotMend("Its list does not say what it holds on which account.")
    return Reversal(
        held.pk, held.external_id, held.number or held.external_id, held.dated, held.currency, lines
    )


def _amounts(reverses: Sequence[Reversal], posts: Sequence[Any]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in reverses:
        moved = sum(amount for _, amount in one.lines if amount > 0)
        sums[one.currency] = sums.get(one.currency, 0) + moved
    for row in posts:
        sums[row.currency] = sums.get(row.currency, 0) + row.amount
    return sums


def _reversing(found: Break, one: Reversal, agreed: Plan, story: str) -> Order:
    slug = found.pair.right.slug if found.pair.right else ""
    held = Holding.objects.get(pk=one.holding_id)
    customer = _customer(held)
    key = f"{slug}:{one.external_id}"
    period = AccountingPeriod.objects.filter(
        legal_entity_id=found.legal_entity_id, starts__lte=one.dated, ends__gte=one.dated
    ).first()
    code = period.code if period else ""
    told = held.accounts or {}
    other = next((name for name in told if name != held.currency), "")
    foreign = told.get(other, {})
    lines: list[dict[str, Any]] = []
    for account, amount in one.lines:
        stated: dict[str, Any] = {
            "account": account, "credit": max(-amount, 0), "customer": customer,
            "debit": max(amount, 0), "memo": f"Reversal of {one.number}", "tax_code": "",
        }  # fmt: skip
        if other:
            stated["document_amount"] = -foreign.get(account, 0)
        lines.append(stated)
    payload = {
        "accounting_date": one.dated.isoformat(), "business_key": key, "currency": one.currency,
        "description": f"Reversal of {one.number}, agreed to here", "document_type": REVERSAL,
        "functional_currency": one.currency, "legal_entity": agreed.entity, "lines": lines,
        "number": f"REV-{one.number}", "period": code, "revision": 1,
    }  # fmt: skip
    if other:
        payload["document_currency"] = other
    return Order(
        agreed.connection_id, LANE, found.legal_entity_id, agreed.entity, REVERSAL, key, 1,
        "journal.post", strict_json.dumps(payload), "holding", one.holding_id, one.currency,
        sum(amount for _, amount in one.lines if amount > 0), code, story,
    )  # fmt: skip


def _again(found: Break, row: Any, agreed: Plan) -> Order:
    """The same content under the next key: the ERP must not take it for what it lost."""
    first, _, number = row.business_key.partition(AGAIN)
    key = f"{first}{AGAIN}{int(number or 1) + 1}"
    payload = {**strict_json.loads(row.payload), "business_key": key}
    return Order(
        agreed.connection_id, row.lane, row.legal_entity_id, row.entity, row.document_type, key,
        row.revision, row.kind, strict_json.dumps(payload), "journal", row.subject_id,
        row.currency, row.amount, row.period_code, row.correlation_id,
    )  # fmt: skip


def _customer(held: Holding) -> dict[str, str] | None:
    """
    Whom the ERP names on it; None where it names nobody. By the id that it lists the customer
    under, by which postings find it, and where it lists none, by its own code.
    """
    if not held.group_key:
        return None
    listed = Holding.objects.filter(
        connection_id=held.connection_id, kind="customer", number=held.group_key, gone_in=None
    )
    key = listed.exclude(key="").values_list("key", flat=True).first()
    return {"id": key or held.group_key, "name": held.party}
