"""Chains of schedules in the database: read with their locks, written back set-wise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from revops.kernel.periods import Span
from revops.ledger.chains import Amount, Held, Terms
from revops.store import sql

_OF_INVOICES: Final = """
SELECT DISTINCT schedule.chain FROM ledger_revenueschedule schedule
WHERE schedule.legal_entity_id IN (SELECT id FROM mappings_legalentity)
  AND schedule.business_key = ANY(%s)
"""
_CHAINS: Final = """
SELECT schedule.*, entity.code AS legal_entity, entry.document_type, entry.business_key AS made_by
FROM ledger_revenueschedule schedule
JOIN mappings_legalentity entity ON entity.id = schedule.legal_entity_id
JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
WHERE schedule.chain = ANY(%s) ORDER BY schedule.id FOR UPDATE OF schedule
"""
_SCHEDULES: Final = sql.Columns(
    "ledger_revenueschedule",
    id="bigint",
    legal_entity_id="bigint",
    entry_id="bigint",
    business_key="text",
    line_id="text",
    part="smallint",
    chain="text",
    sku="text",
    currency="text",
    total="bigint",
    functional_currency="text",
    functional_total="bigint",
    carried="bigint",
    carried_functional="bigint",
    given_up="bigint",
    given_up_functional="bigint",
    service_start="date",
    service_end="date",
    convention="text",
    deferral_account="text",
    revenue_account="text",
    customer_ref="text",
    mapping_version="bigint",
    stop_reason="text",
    due_from="date",
    correlation_id="text",
)
_STOP: Final = """
UPDATE ledger_revenueschedule AS old
SET stopped_on = new.stopped_on, stop_reason = new.stop_reason, successor_id = new.successor_id,
    given_up = new.given_up, given_up_functional = new.own, due_from = old.service_start
FROM unnest(%b::bigint[], %b::date[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[])
    AS new (id, stopped_on, stop_reason, successor_id, given_up, own)
WHERE old.id = new.id
"""


def load_chains(chains: Iterable[str], invoice_keys: Iterable[str]) -> dict[str, list[Held]]:
    """
    The named chains, and those that these invoices' lines belong to, in the order in which they
    were made. Locked until the transaction ends, also against others that would begin them.
    """
    keys = list(invoice_keys)
    wanted = set(chains)
    if keys:
        wanted |= {row.chain for row in sql.rows(_OF_INVOICES, (keys,))}
    if not wanted:
        return {}
    # Chains are locked after the records that lead to them, always in this order.
    sql.lock_objects(f"chain:{chain}" for chain in wanted)
    rows = sql.rows(_CHAINS, (list(wanted),))
    by_id = {row.id: _held(row) for row in rows}
    found: dict[str, list[Held]] = {chain: [] for chain in wanted}
    for row in rows:
        held = by_id[row.id]
        held.successor = by_id.get(row.successor_id)
        found[held.chain].append(held)
    return found


def write_chains(
    touched: Sequence[Held], entry_ids: Mapping[tuple[str, str], int], entities: Mapping[str, int]
) -> list[int]:
    """
    Write what is new and what was changed. ``entry_ids`` of the entries just recorded, by document
    type and business key; what belongs to another entry that is not new is left out. The ids of
    the schedules that were stopped or replaced, and of what replaced them.
    """
    for held in touched:
        if held.entry_id is None:
            held.entry_id = entry_ids.get(held.entry_key)
    fresh = [one for one in touched if one.id is None and one.entry_id is not None]
    for held, new_id in zip(fresh, sql.new_ids("ledger_revenueschedule", len(fresh)), strict=True):
        held.id = new_id
    _SCHEDULES.insert([_row(one, entities) for one in fresh])
    stopped = [
        one for one in touched if one.id is not None and (one.stopped_on is not None or one.changed)
    ]
    if stopped:
        sql.run(
            _STOP,
            (
                [one.id for one in stopped],
                [one.stopped_on for one in stopped],
                [one.stop_reason for one in stopped],
                [one.successor.id if one.successor else None for one in stopped],
                [one.given_up.amount for one in stopped],
                [one.given_up.functional for one in stopped],
            ),
        )
    changed = {one.id for one in stopped if one.changed}
    changed |= {one.successor.id for one in stopped if one.successor is not None}
    return sorted(schedule_id for schedule_id in changed if schedule_id is not None)


def _held(row: Any) -> Held:
    return Held(
        row.legal_entity, row.business_key, row.line_id, row.part, row.chain,
        Terms(
            row.sku, row.convention, row.deferral_account, row.revenue_account,
            row.mapping_version,
        ),
        row.currency, row.functional_currency, Amount(row.total, row.functional_total),
        Amount(row.carried, row.carried_functional), Span(row.service_start, row.service_end),
        row.customer_ref, row.correlation_id, row.stopped_on, row.stop_reason,
        due_from=row.due_from, given_up=Amount(row.given_up, row.given_up_functional),
        entry_key=(row.document_type, row.made_by), entry_id=row.entry_id, id=row.id,
    )  # fmt: skip


def _row(one: Held, entities: Mapping[str, int]) -> tuple[Any, ...]:
    terms = one.terms
    return (
        one.id, entities[one.legal_entity], one.entry_id, one.key, one.line_id, one.part, one.chain,
        terms.sku, one.currency, one.total.amount, one.functional_currency, one.total.functional,
        one.carried.amount, one.carried.functional, one.given_up.amount, one.given_up.functional,
        one.service.start, one.service.end,
        terms.convention, terms.deferral_account, terms.revenue_account, one.customer_id,
        terms.mapping_version, "", one.service.start, one.correlation_id,
    )  # fmt: skip


_WENT_ON: Final = """
SELECT schedule.entry_id FROM ledger_revenueschedule schedule
WHERE schedule.entry_id = ANY(%s) AND (schedule.successor_id IS NOT NULL OR schedule.carried <> 0
    OR (SELECT coalesce(sum(done.amount), 0) FROM ledger_recognition done
        WHERE done.schedule_id = schedule.id) <> 0)
"""
_TAKE_BACK: Final = """
UPDATE ledger_revenueschedule SET stopped_on = service_start, stop_reason = 'void', due_from = NULL
WHERE entry_id = ANY(%s)
"""


def went_on(entry_ids: Sequence[int]) -> set[int]:
    """The entries whose schedules have been recognised or changed since."""
    return {row.entry_id for row in sql.rows(_WENT_ON, (list(entry_ids),))}


def take_back(entry_ids: Sequence[int]) -> None:
    """The schedules of entries that are reversed are as if they had never begun."""
    sql.run(_TAKE_BACK, (list(entry_ids),))
