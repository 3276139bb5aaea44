"""
Rules that raise provisional credits from support cases: once for each rule and case, whatever the
order in which the desk tells of it, and however often it is looked for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef, Q, QuerySet

from revops.canonical.models import SupportCase
from revops.credits import life
from revops.credits.models import On, Rule, ServiceCredit
from revops.credits.operations import telling
from revops.credits.operations.drafting import apply
from revops.credits.operations.sending import Incomplete, send_by_rule
from revops.credits.queries.finder import of_case
from revops.credits.queries.sheet import Draft, Sheet, sheet
from revops.kernel import clock, correlation
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.mappings.queries import today

_MOST: Final = 100
# Cases older than this were somebody else's to decide before the rule was there.
_REACH: Final = timedelta(days=90)
# What only a person can answer does not keep a rule from raising it.
_FOR_PEOPLE: Final = frozenset({"duplicates", "note"})


def raise_due() -> int:
    """Raise what the rules of today say; how many requests were made."""
    made = 0
    day = today(clock.now())
    some = DateRange(day.first, day.last, "[]")
    for rule in Rule.objects.filter(valid__overlap=some).order_by("pk"):
        for case in _cases(rule)[:_MOST]:
            made += _raise(rule, case)
    return made


def _cases(rule: Rule) -> QuerySet[SupportCase]:
    """Cases that the rule means, that nobody has asked for, and whose customer is known."""
    since = today(clock.now()).first - _REACH
    asked = ServiceCredit.objects.filter(
        Q(support_case=OuterRef("pk")) | Q(ticket=OuterRef("source_id"))
    )
    found = SupportCase.objects.filter(
        ~Exists(asked), breached_on__gte=since, customer__isnull=False
    )
    if rule.on == On.RESOLVED:
        found = found.filter(resolved_on__isnull=False)
    if rule.severities:
        found = found.filter(severity__in=rule.severities)
    if rule.promise:
        found = found.filter(promise=rule.promise)
    return found.select_related("customer__party", "invoice").order_by("pk")


def _raise(rule: Rule, case: SupportCase) -> int:
    """
    1 when a request was made: only where policy gives something by right, and where the rule counts
    on the day that it is where the books are.
    """
    found = of_case(case)
    if found.invoice is None:
        return 0
    entity = found.invoice.legal_entity
    now = clock.now()
    if rule.legal_entity_id not in (None, entity.pk if entity else None):
        return 0
    day = local_date(now, entity.zone if entity else "UTC")
    if day not in rule.valid:
        return 0
    draft = Draft(
        sought=case.source_id,
        invoice_id=found.invoice.pk,
        case_id=case.pk,
        credit_type=life.TYPE_OF[rule.reason_code],
        reason_code=rule.reason_code,
        ticket=case.source_id,
        note=_because(rule, case),
    )
    judged = sheet(draft, by=None, at=now)
    proposed = judged.assessment.proposed if judged.assessment else 0
    if proposed <= 0:
        return 0
    amount = f"{Money(proposed, found.invoice.currency).decimal}"
    judged = sheet(replace(draft, amount=amount), by=None, at=now)
    if set(judged.problems) - _FOR_PEOPLE:
        return 0
    try:
        with transaction.atomic():
            _make(rule, judged, now=now, day=day)
    except IntegrityError:
        return 0  # another turn was first
    return 1


def _make(rule: Rule, judged: Sheet, *, now: datetime, day: date) -> None:
    credit = ServiceCredit(
        rule=rule, created_at=now, updated_at=now, correlation_id=correlation.new_id(),
        expires_on=day + timedelta(days=rule.keeps_days),
    )  # fmt: skip
    apply(credit, judged)
    credit.save()
    money = judged.money
    telling.note(credit, f"Raised by the rule “{rule}”: {money} before tax.", by=str(rule))
    if rule.sends and not judged.problems:
        try:
            send_by_rule(credit)
            return
        except Incomplete:
            credit.refresh_from_db()
    # The customer has the right to it already, so the books hear of it before anybody sends it.
    telling.requested(credit)
    credit.save()


def _because(rule: Rule, case: SupportCase) -> str:
    severity = f" of severity {case.severity}" if case.severity else ""
    promise = case.promise.replace("_", " ") or "its service level"
    return f"{rule}: case {case.source_id}{severity} missed {promise} on {case.breached_on}."
