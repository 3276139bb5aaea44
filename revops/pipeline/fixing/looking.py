"""What a fix would do, before anybody decides. It writes nothing and calls nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Final

from accounts.models import User
from approvals import subjects
from approvals.queries.rules import Asked, trial
from approvals.queries.standing import words_of
from connectors.models import Connection
from exceptions import kinds as case_kinds
from exceptions.fixes import Books, Seen
from exceptions.models import Case, CaseState
from exceptions.queries.totals import Sum
from revops.kernel.money import Money
from revops.mappings.changing import Change
from revops.mappings.models import LedgerAccount
from revops.mappings.operations.applying import write_rows
from revops.mappings.operations.checking import Checked
from revops.pipeline.changes.impact import closed_periods, minutes_of, posted
from revops.pipeline.changes.subject import SLUG
from revops.pipeline.fixing.lacking import Lack
from revops.pipeline.whatif import MOST, Imagined, imagine

_COUNTS: Final = {1: "One", 2: "Two", 3: "Three"}


def look(lack: Lack, change: Change, checked: Checked, *, user: User, at: datetime) -> Seen:
    """``checked`` must be good."""
    waiting = Case.objects.exclude(state=CaseState.RESOLVED).filter(cause_key=lack.gap.cause_key)
    columns = ("inbound_id", "at_stake", "currency")
    cases = list(waiting.order_by("opened_at", "pk").values_list(*columns)[:MOST])
    found = imagine(
        [inbound for inbound, _, _ in cases if inbound],
        change=lambda: _change(lack, checked),
    )
    clear = {one.inbound_id for one in found.answers if one.clears}
    money = Sum()
    for inbound, at_stake, currency in cases:
        if inbound in clear:
            money.add(1, currency if at_stake is not None else "", at_stake or 0)
    closed = closed_periods(lack.kind, [change])
    asked = _asked(lack, closed, user=user, at=at)
    names = dict(Connection.objects.filter(pk__in=found.calls).values_list("pk", "label"))
    return Seen(
        cases=lack.gap.held.cases,
        looked=len(cases),
        clears=money.cases,
        money=money.amounts,
        fails=[
            (case_kinds.described(slug).label, cause, count)
            for (slug, cause), count in found.fails.items()
        ],
        books=_books(found),
        calls=[(names[target], count) for target, count in found.calls.items()],
        minutes=minutes_of(found.calls),
        posted=posted(lack.kind, [change]),
        closed=[f"{period} of {entity}" for entity, period in closed],
        asks=not asked.placed.tier.automatic,
        deciders=_deciders(asked, user),
    )


def _change(lack: Lack, checked: Checked) -> None:
    write_rows(lack.kind, checked, version=None)


def _asked(lack: Lack, closed: list[list[str]], *, user: User, at: datetime) -> Asked:
    lift = subjects.get(SLUG).lift({"impact": {"closed": closed}})
    return trial(
        subject=SLUG, entity=lack.gap.entity, amount=None, by=user.pk, lift=lift, at=at
    )  # fmt: skip


def _deciders(asked: Asked, user: User) -> str:
    """“One finance analyst or finance manager. Not you: you propose it.”"""
    if asked.placed.tier.automatic:
        return "Nobody: the policy lets it through."
    steps = asked.placed.tier.steps
    able = {one.user for _, people in asked.people for one in people}
    if len(set(steps)) == 1:
        count = _COUNTS.get(len(steps), str(len(steps)))
        words = f"{count} {words_of(steps[0])}{'s' if len(steps) > 1 else ''}."
    else:
        words = ", then ".join(f"one {words_of(step)}" for step in steps).capitalize() + "."
    if asked.stuck:
        words += " Nobody can decide it now."
    if user.pk not in able:
        words += " Not you: you propose it."
    return f"{words} {asked.placed.why}".strip()


def _books(found: Imagined) -> list[Books]:
    grouped: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    for leg, _ in found.journals:
        grouped[leg.entity, leg.period, leg.currency].append((leg.account, leg.amount))
    names = dict(LedgerAccount.objects.values_list("code", "name")) if grouped else {}
    return [
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
        for (entity, period, currency), legs in grouped.items()
    ]  # fmt: skip
