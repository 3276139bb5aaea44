"""
What a change set would do, looked at before anybody agrees: which cases clear and what they book,
what comes in the next weeks, and what was posted by the maps as they are. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q

from connectors.models import Connection
from exceptions import kinds as case_kinds
from exceptions.models import Case, CaseState
from exceptions.queries.totals import Sum
from revops.delivery.models import Gate
from revops.kernel import clock
from revops.mappings.changing import Change
from revops.mappings.kinds import MapKind, get
from revops.mappings.models import (
    AccountingPeriod,
    ChangeSet,
    ExchangeRate,
    LegalEntity,
    PeriodState,
)
from revops.mappings.operations.applying import write_rows
from revops.mappings.operations.checking import Checked
from revops.mappings.operations.sets import change_of, looked_at
from revops.pipeline.changes.forecast import affected
from revops.pipeline.changes.gaps import causes_of
from revops.pipeline.whatif import MOST, imagine
from revops.store import sql

# Postings a second of a connection without a limit of its own, as an ERP was seen to take them.
_USUAL_RATE: Final = 1


def impact_of(held: ChangeSet) -> dict[str, Any]:
    """
    As plain JSON: ``cases`` that lack what it gives, ``looked`` at, ``clears`` with ``money``,
    ``fails`` as (kind, cause, how many), ``journals`` as (entity, period, currency, account,
    amount, lines), ``coming`` bills with ``coming_money`` and ``coming_from``, ``posted``
    documents by the maps as they are, ``closed`` periods that it reaches into, ``calls`` as
    (system, how many) and ``minutes``.
    """
    kind = get(held.kind)
    rows = list(held.rows.select_related("change_set").order_by("position"))
    changes = [change_of(row) for row in rows]
    checked = looked_at(held)
    today = clock.now().date()
    cases = waiting_for(kind, changes)
    found = imagine(
        [one.inbound_id for one in cases if one.inbound_id], change=_change(kind, held, checked)
    )
    clear = {one.inbound_id for one in found.answers if one.clears}
    money = Sum()
    for one in cases:
        if one.inbound_id in clear:
            money.add(1, one.currency if one.at_stake is not None else "", one.at_stake or 0)
    bills, first = affected(kind, changes, today=today)
    names = dict(Connection.objects.filter(pk__in=found.calls).values_list("pk", "label"))
    return {
        "cases": len(cases),
        "looked": len(found.answers),
        "clears": len([one for one in cases if one.inbound_id in clear]),
        "money": _money(money),
        "fails": [
            [case_kinds.described(slug).label, cause, count]
            for (slug, cause), count in found.fails.items()
        ],
        "journals": [
            [leg.entity, leg.period, leg.currency, leg.account, leg.amount, lines]
            for leg, lines in found.journals
        ],
        "coming": bills.cases,
        "coming_money": _money(bills),
        "coming_from": first.isoformat() if first else "",
        "posted": posted(kind, changes),
        "closed": closed_periods(kind, changes),
        "calls": [[names[target], count] for target, count in found.calls.items()],
        "minutes": minutes_of(found.calls),
    }


def waiting_for(kind: MapKind, changes: Sequence[Change]) -> list[Case]:
    """The unresolved cases that lack what these changes give, at most as many as one look takes."""
    own = dict(LegalEntity.objects.values_list("code", "functional_currency"))
    keys = causes_of(kind, changes, own=own)
    # A cause that people grouped otherwise is found by the one that the line gave.
    under = Q(cause_key__in=keys) | Q(root_key__in=keys)
    found = Case.objects.exclude(state=CaseState.RESOLVED).filter(under)
    if any(one.key == "*" and one.op == "set" for one in changes) and kind.slug == "tax-codes":
        entities = [one.entity for one in changes if one.key == "*"]
        found = found | Case.objects.exclude(state=CaseState.RESOLVED).filter(
            kind="mapping_missing", legal_entity__code__in=entities, facts__0__0="Tax code"
        )
    return list(found.order_by("pk")[:MOST])


def closed_periods(kind: MapKind, changes: Sequence[Change]) -> list[list[str]]:
    """(entity, period) of every closed period that a change reaches into, the latest first."""
    if not kind.dated:
        return []
    reach: dict[str, tuple[date, date]] = {}
    for one in changes:
        first = one.since or (one.until or date.max)
        last = date.max if one.op == "end" else one.until or date.max
        held = reach.get(one.entity, (date.max, date.min))
        reach[one.entity] = (min(held[0], first), max(held[1], last))
    closed = AccountingPeriod.objects.filter(state=PeriodState.CLOSED).order_by("-starts")
    return [
        [one.legal_entity.code, one.code]
        for one in closed.select_related("legal_entity")
        if _reached(one, reach.get(one.legal_entity.code) or reach.get(""))
    ]


def _reached(period: AccountingPeriod, span: tuple[date, date] | None) -> bool:
    return span is not None and period.ends >= span[0] and period.starts <= span[1]


_POSTED: Final = {
    "tax-codes": """
        SELECT count(DISTINCT entry.id) AS n FROM unnest(%s::text[], %s::text[], %s::date[],
            %s::date[]) AS asked (code, key, since, until)
        JOIN mappings_legalentity entity ON entity.code = asked.code
        JOIN ledger_journalentry entry ON entry.legal_entity_id = entity.id
            AND entry.accounting_date BETWEEN asked.since AND asked.until
        JOIN ledger_journalline line ON line.entry_id = entry.id AND line.tax_code = asked.key
    """,
    "skus": """
        SELECT count(DISTINCT invoice.id) AS n FROM unnest(%s::text[], %s::text[], %s::date[],
            %s::date[]) AS asked (code, key, since, until)
        JOIN mappings_legalentity entity ON entity.code = asked.code
        JOIN canonical_invoice invoice ON invoice.legal_entity_id = entity.id
            AND invoice.issued_on BETWEEN asked.since AND asked.until
        JOIN canonical_invoiceline line ON line.invoice_id = invoice.id AND line.sku = asked.key
        WHERE EXISTS (SELECT 1 FROM ledger_journalentry entry
            WHERE entry.record_kind = 'invoice' AND entry.record_id = invoice.id)
    """,
    "accounts": """
        SELECT count(DISTINCT entry.id) AS n FROM unnest(%s::text[], %s::text[], %s::date[],
            %s::date[]) AS asked (code, key, since, until)
        JOIN mappings_legalentity entity ON entity.code = asked.code
        JOIN mappings_accountmap map ON map.legal_entity_id = entity.id AND map.role = asked.key
        JOIN mappings_ledgeraccount account ON account.id = map.account_id
        JOIN ledger_journalentry entry ON entry.legal_entity_id = entity.id
            AND entry.accounting_date BETWEEN asked.since AND asked.until
            AND map.valid @> entry.accounting_date
        JOIN ledger_journalline line ON line.entry_id = entry.id AND line.account = account.code
    """,
}


def posted(kind: MapKind, changes: Sequence[Change]) -> int:
    """Documents in the books by the maps as they are, dated on the days of a change. They stay."""
    statement = _POSTED.get(kind.slug)
    if statement is None:
        return 0
    spans = [
        (one.entity, one.key, one.since or one.until or date.max, one.until or date(9999, 12, 31))
        for one in changes
        if one.op == "set"
    ]
    if not spans:
        return 0
    row = sql.one(statement, tuple(list(column) for column in zip(*spans, strict=True)))
    return int(row.n) if row else 0


def _change(kind: MapKind, held: ChangeSet, checked: Checked) -> Callable[[], None]:
    def write() -> None:
        if not kind.added:
            write_rows(kind, checked, version=None)
            return
        for row in held.rows.order_by("position"):
            currency, quote, day = row.key.split(".")
            ExchangeRate.objects.create(
                currency=currency, quote=quote, day=day, rate=Decimal(row.values["rate"]),
                # Newer than whatever there is; it does not stay.
                revision=32_000, source=row.values["source"],
            )  # fmt: skip

    return write


def minutes_of(calls: dict[int, int]) -> int:
    """How long the slowest of the systems will take, in whole minutes."""
    rates = dict(Gate.objects.filter(connection__in=calls).values_list("connection_id", "rate"))
    return max(
        (-(-count // (60 * (rates.get(target) or _USUAL_RATE))) for target, count in calls.items()),
        default=0,
    )


def _money(held: Sum) -> list[list[Any]]:
    return [[money.currency, money.minor] for money in held.amounts]
