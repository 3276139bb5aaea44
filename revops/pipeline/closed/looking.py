"""What posting later would do, before anybody decides. It writes nothing and calls nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connectors.models import Connection
from exceptions import kinds as case_kinds
from exceptions.fixes import Books
from exceptions.models import Case
from exceptions.queries.totals import Sum
from revops.kernel.money import Money
from revops.mappings.models import LedgerAccount
from revops.pipeline.changes.impact import minutes_of
from revops.pipeline.closed import accruing
from revops.pipeline.closed.accruing import Share
from revops.pipeline.closed.placing import period_name, put
from revops.pipeline.journalize.rebooking import Again, moves
from revops.pipeline.whatif import MOST, Imagined, imagine
from revops.store import rows, sql


@dataclass(slots=True)
class Looked:
    """As ``exceptions.fixes.Seen`` has it. ``books`` have the reversals and the new entries."""

    looked: int = 0
    clears: int = 0
    money: list[Money] = field(default_factory=list)
    fails: list[tuple[str, str, int]] = field(default_factory=list)
    books: list[Books] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    minutes: int = 0


def look(
    cases: Sequence[Case], dated: Mapping[int, date], *, by: int, accrue: bool = False
) -> Looked:
    """
    The first some hundred of the cases, each on the day of its legal entity; ``by`` who asks. With
    ``accrue``, what would be accrued in the periods that are closed softly, and taken back, too.
    """
    some = cases[:MOST]
    shares, refused_shares = accruing.shares(some) if accrue else ([], {})
    some = [case for case in some if case.pk not in refused_shares]
    events = [case for case in some if case.command_id is None and case.inbound_id]
    entries = [case for case in some if case.command_id is not None]
    imagined = _imagined(events, dated, by)
    again, refused = _planned(entries, dated)
    found = Looked(looked=len(some) + len(refused_shares))
    clear = {one.inbound_id for one in imagined.answers if one.clears}
    able = {one.place.command_id for one in again}
    money = Sum()
    for case in some:
        through = case.command_id in able if case.command_id else case.inbound_id in clear
        if through:
            priced = case.currency if case.at_stake is not None else ""
            money.add(1, priced, case.at_stake or 0)
    found.clears, found.money = money.cases, money.amounts
    found.fails = [
        (case_kinds.described(slug).label, cause, count)
        for (slug, cause), count in imagined.fails.items()
    ]
    kept: dict[str, int] = defaultdict(int)
    for why in (refused | refused_shares).values():
        kept[why] += 1
    found.fails += [("Closed period", why.rstrip("."), count) for why, count in kept.items()]
    calls = dict(imagined.calls)
    for one in again:
        for _, target in one.own.routes_on(one.new.accounting_date):
            calls[target] = calls.get(target, 0) + 1
    for share in shares:
        for draft in share.drafts:
            for _, target in share.closing.books.routes_on(draft.accounting_date):
                calls[target] = calls.get(target, 0) + 2
    names = dict(Connection.objects.filter(pk__in=calls).values_list("pk", "label"))
    found.calls = [(names[target], count) for target, count in calls.items()]
    found.minutes = minutes_of(calls)
    found.books = _books(imagined, again, shares)
    return found


def plain(books: Sequence[Books]) -> list[dict[str, Any]]:
    """As JSON, for who decides."""
    return [
        {
            "entity": one.entity, "period": one.period, "currency": one.debit.currency,
            "lines": [
                [account, name, debit.minor if debit else -credit.minor if credit else 0]
                for account, name, debit, credit in one.rows
            ],
        }
        for one in books
    ]  # fmt: skip


def _imagined(cases: Sequence[Case], dated: Mapping[int, date], by: int) -> Imagined:
    ids = [case.inbound_id for case in cases if case.inbound_id is not None]
    return imagine(ids, change=lambda: put(cases, dated=dated, job=0, by=by))


def _planned(
    cases: Sequence[Case], dated: Mapping[int, date]
) -> tuple[list[Again], dict[int, str]]:
    if not cases:
        return [], {}
    with rows.within(None), sql.atomic():
        return moves([case.command_id for case in cases if case.command_id], dated=dated)


def _books(imagined: Imagined, again: Sequence[Again], shares: Sequence[Share]) -> list[Books]:
    """
    What each entity's period would get: of an entry that is moved both what undoes it here and
    what takes its place, which in one period come to nothing. Of what is accrued, the accrual and
    what takes it back.
    """
    sums: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for leg, _ in imagined.journals:
        sums[leg.entity, leg.period, leg.currency][leg.account] += leg.amount
    for one in again:
        for draft in (one.undone, one.new):
            period = period_name(one.own.id, draft.accounting_date)
            accounts = sums[draft.legal_entity, period, draft.functional_currency]
            for line in draft.lines:
                accounts[line.account] += line.functional
    for share in shares:
        later = share.closing.next_open()[1].code
        for draft in share.drafts:
            for period, way in ((share.closing.period.code, 1), (later, -1)):
                accounts = sums[draft.legal_entity, period, draft.functional_currency]
                for line in draft.lines:
                    accounts[line.account] += way * line.functional
    names = dict(LedgerAccount.objects.values_list("code", "name")) if sums else {}
    found = []
    for (entity, period, currency), accounts in sorted(sums.items()):
        legs = [(account, amount) for account, amount in sorted(accounts.items()) if amount]
        if legs:
            found.append(
                Books(
                    entity, period,
                    [
                        (
                            account, names.get(account, ""),
                            Money(amount, currency) if amount > 0 else None,
                            Money(-amount, currency) if amount < 0 else None,
                        )
                        for account, amount in legs
                    ],
                    Money(sum(amount for _, amount in legs if amount > 0), currency),
                    Money(-sum(amount for _, amount in legs if amount < 0), currency),
                )
            )  # fmt: skip
    return found
