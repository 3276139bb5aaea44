"""
Who would have been credited in the last 90 days, had a promise or rule been as somebody thinks of
it: the newest cases that broke a promise, judged by what counts now and by the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from revops.canonical.models import SupportCase
from revops.credits.models import Rule, ServiceCredit
from revops.credits.policy import SLA, Promised, Situation, assess
from revops.credits.queries import finder
from revops.credits.queries.finder import Found
from revops.credits.queries.situation import plans_of, situation
from revops.credits.terms import PROMISE, Meant, meant_by
from revops.kernel.money import Money

DAYS: Final = 90
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Tried:
    """A case: what policy gives as it is and as it would be, and what was really asked for."""

    case: SupportCase
    customer: str
    before: Money
    after: Money
    really: ServiceCredit | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Trial:
    """``rows`` are those to which either gives something; ``looked`` counts all cases."""

    rows: Sequence[Tried]
    looked: int
    cut: bool

    @property
    def sums(self) -> Sequence[tuple[Money, Money]]:
        """(before, after) by currency."""
        found: dict[str, tuple[Money, Money]] = {}
        for row in self.rows:
            none = Money(0, row.before.currency)
            before, after = found.get(row.before.currency, (none, none))
            found[row.before.currency] = (before + row.before, after + row.after)
        return [found[currency] for currency in sorted(found)]

    @property
    def sentence(self) -> str:
        """“Of 7 cases in 90 days, 3 would get another amount: USD 200.00 instead of 100.00.”"""
        changed = sum(1 for row in self.rows if row.changed)
        noun = "case" if self.looked == 1 else "cases"
        if not changed:
            return f"Of {self.looked} {noun} in {DAYS} days, none would get another credit."
        words = " and ".join(f"{after} instead of {before}" for before, after in self.sums)
        return (
            f"Of {self.looked} {noun} in {DAYS} days, {changed} would get another amount: {words}."
        )


def trial(content: Mapping[str, Any], *, today: date) -> Trial:
    """Some queries for each of at most MOST cases; nothing is written."""
    cases = list(
        SupportCase.objects.filter(
            breached_on__gte=today - timedelta(days=DAYS), breached_on__lte=today,
            customer__isnull=False,
        )
        .select_related("customer__party", "invoice")
        .order_by("-breached_on", "-pk")[: MOST + 1]
    )  # fmt: skip
    really = {
        one.support_case_id: one
        for one in ServiceCredit.objects.filter(support_case__in=cases).order_by("pk")
    }
    old = _standing(content, today)
    rows = []
    for case in cases[:MOST]:
        found = finder.of_case(case)
        if found.invoice is None or found.customer is None:
            continue
        facts = _facts(case, found, today)
        if content["what"] == PROMISE:
            before, after = _given(facts), _given(_changed(facts, content, case, found))
        else:
            gives = _given(facts)
            before = gives if old is not None and _fits(old, case, found) else 0
            meant = None if content["end"] else meant_by(content)
            after = gives if meant is not None and _fits(meant, case, found) else 0
        if before or after:
            currency = found.invoice.currency
            name = found.party.name if found.party else ""
            rows.append(
                Tried(case, name, Money(before, currency), Money(after, currency),
                      really.get(case.pk))
            )  # fmt: skip
    return Trial(rows, min(len(cases), MOST), len(cases) > MOST)


def _facts(case: SupportCase, found: Found, today: date) -> Situation:
    """As if nobody had asked for this very case yet."""
    assert found.invoice is not None
    assert found.customer is not None
    facts = situation(customer=found.customer, invoice=found.invoice, case=case, today=today)
    return replace(facts, past=[one for one in facts.past if one.ticket != case.source_id])


def _given(facts: Situation) -> int:
    return assess(facts, SLA).proposed


def _changed(
    facts: Situation, content: Mapping[str, Any], case: SupportCase, found: Found
) -> Situation:
    """The facts with the promise as it would be."""
    assert found.invoice is not None
    assert found.customer is not None
    terms = content["terms"]
    key = (terms["plan"], terms["promise"], terms["severity"])
    left = [one for one in facts.promises if (one.plan, one.promise, one.severity) != key]
    entity = found.invoice.legal_entity.code if found.invoice.legal_entity else ""
    applies = content["entity"] in ("", entity)
    day = case.breached_on or case.opened_on
    if (
        applies
        and not content["end"]
        and terms["plan"] in plans_of(found.customer, found.invoice, day)
    ):
        left.append(Promised(terms["label"], *key, terms["target"], terms["gives"], terms["most"]))
    return replace(facts, promises=left if applies else facts.promises)


def _fits(meant: Meant, case: SupportCase, found: Found) -> bool:
    invoice = found.invoice
    return meant.fits(
        severity=case.severity, promise=case.promise,
        entity=invoice.legal_entity.code if invoice and invoice.legal_entity else "",
        broken=case.breached_on is not None, resolved=case.resolved_on is not None,
    )  # fmt: skip


def _standing(content: Mapping[str, Any], today: date) -> Meant | None:
    """The rule of that name as it counts today."""
    if content["what"] == PROMISE:
        return None
    rows = Rule.objects.filter(name=content["terms"]["name"], valid__contains=today)
    row = rows.select_related("legal_entity").first()
    if row is None:
        return None
    entity = row.legal_entity.code if row.legal_entity else ""
    return Meant(row.on, tuple(row.severities), row.promise, entity)
