"""A month is closed by two names and sealed; one event of it comes too late and finds its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.urls import reverse

from exceptions.models import Case
from revops.canonical.models import Invoice
from revops.close.models import Certificate, PeriodSignOff
from revops.close.readiness import of
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState
from revops.sandbox.company import STRIPE
from revops.sandbox.tours.base import Act, Acts, Deed, Facts, NotPossible, Step, Tour
from revops.sandbox.tours.finding import invoiced, page, posted, record

HOME: Final = "US-INC"
# No map knows this tax, and it is the only thing that is wrong.
_TAX: Final = "6.5"
_DAY, _LATE_DAY, _HOUR = 20, 28, 16
_RECONCILED: Final = {"recs_run", "recs_signed"}


def _month(facts: Facts, by: str) -> Facts:
    """The oldest month that has ended and is still open: a later one waits for it. Two instants."""
    home = LegalEntity.objects.get(code=HOME)
    today = clock.local_date(clock.now(), home.zone)
    ended = AccountingPeriod.objects.filter(legal_entity=home, ends__lt=today)
    period = ended.exclude(state=PeriodState.CLOSED).order_by("starts").first()
    if period is None:
        raise NotPossible(f"Every month of {home.name} that ended is closed.")
    return {
        "period": period.code, "at": _instant(period, _DAY), "late_at": _instant(period, _LATE_DAY),
    }  # fmt: skip


def _instant(period: AccountingPeriod, day: int) -> int:
    starts = period.starts
    return int(datetime(starts.year, starts.month, day, _HOUR, tzinfo=UTC).timestamp())


def _blocked(facts: Facts) -> Facts | None:
    case = Case.objects.filter(inbound__object_id=facts["invoice"]).order_by("pk").first()
    if case is not None:
        return {"case_id": case.pk}
    return None if record(Invoice, STRIPE, facts["invoice"]) is None else {}


def _reconciled(facts: Facts) -> Facts | None:
    if _name(facts, "preparer"):
        return {}
    home = LegalEntity.objects.get(code=HOME)
    found = of(entity_id=home.pk, period_code=str(facts["period"]))
    left = {one.test.slug for one in found.stops}
    used = {one.test.slug for one in found.used}
    return {} if used >= _RECONCILED and not left & _RECONCILED else None


def _name(facts: Facts, role: str) -> bool:
    return PeriodSignOff.objects.filter(
        legal_entity__code=HOME, period_code=facts["period"], role=role
    ).exists()


def _prepared(facts: Facts) -> Facts | None:
    return {} if _name(facts, "preparer") else None


def _closed(facts: Facts) -> Facts | None:
    return {} if _name(facts, "reviewer") else None


def _certificates(facts: Facts) -> list[int]:
    found = Certificate.objects.filter(legal_entity__code=HOME, period_code=facts["period"])
    return list(found.order_by("pk").values_list("pk", flat=True))


def _sealed(facts: Facts) -> Facts | None:
    found = _certificates(facts)
    return {"certificate": found[0]} if found else None


def _late(facts: Facts) -> Facts | None:
    case = Case.objects.filter(
        inbound__object_id=facts["late_invoice"], kind="period_closed"
    ).first()  # fmt: skip
    return None if case is None else {"late_case_id": case.pk}


def _landed(facts: Facts) -> Facts | None:
    row = record(Invoice, STRIPE, facts["late_invoice"])
    entry = None if row is None else posted("invoice", row.pk)
    if entry is None or f"{entry.accounting_date:%Y-%m}" == facts["period"]:
        return None
    return {"late_journal_id": entry.pk}


def _again(facts: Facts) -> Facts | None:
    found = _certificates(facts)
    return {} if len(found) > 1 and found[-1] != facts["certificate"] else None


def _close(facts: Facts) -> str:
    return reverse("close:entity", args=(facts["period"], HOME))


def _certificate(facts: Facts) -> str:
    return reverse("certificates:certificate", args=(facts["period"], HOME))


def _comparisons(facts: Facts) -> str:
    return f"{reverse('reconciliation:list')}?entity={HOME}&period={facts['period']}"


TOUR: Final = Tour(
    slug="close-month",
    title="A month closes, and one event comes too late",
    about="Blockers are worked down, two people sign, a certificate is sealed and suspended.",
    steps=(
        Step(
            "blocked", "An invoice of last month cannot be booked",
            "Nobody has mapped its tax. The manager's home says what blocks, and by how much.",
            _blocked,
            lambda facts: (
                reverse("exceptions:case", args=(facts["case_id"],))
                if "case_id" in facts else _close(facts)
            ),
            Acts((
                Deed(_month),
                Act(
                    STRIPE, "customers",
                    lambda facts: {
                        "called": f"Marlow Foods {facts['run']}", "legal_entity": HOME,
                        "price": "price_team_monthly", "amount": 98_000, "interval": "month",
                        "tax_percent": _TAX, "pays": None, "at": facts["at"],
                    },
                    lambda said: {
                        "invoice": said["made"][0]["invoice"],
                        "customer": said["made"][0]["customer"],
                    },
                ),
            )),
        ),
        Step(
            "mend", "It is mapped",
            "Priya maps the tax on the cause's page, Marcus agrees, and the invoice goes on.",
            invoiced, page("console:journal", "journal_id"),
        ),
        Step(
            "compare", "All systems are compared",
            "Every night, or by “Run one now”. Match what is left over; two people sign each.",
            _reconciled, _comparisons,
        ),
        Step(
            "prepare", "Priya signs as preparer",
            "Every test is true and every task prepared. Nothing more is posted into the month.",
            _prepared, _close,
        ),
        Step(
            "review", "Marcus signs as reviewer",
            "Whoever prepared it cannot. The month is closed.", _closed, _close,
        ),
        Step(
            "seal", "The certificate is sealed",
            "Every event is accounted for. Its file is verified without the console.",
            _sealed, _certificate,
        ),
        Step(
            "late", "Billing tells of one more invoice",
            "It is of the closed month. The certificate is suspended by itself.",
            _late, _close,
            Act(
                STRIPE, "issue",
                lambda facts: {
                    "customer": facts["customer"], "amount": 120_000, "tax_percent": "8.25",
                    "at": facts["late_at"],
                },
                lambda said: {"late_invoice": said["invoice"]},
            ),
        ),
        Step(
            "land", "It is dated into the next open period",
            "Decide it on the close's page; somebody else agrees. The journal keeps its own day.",
            _landed, page("console:journal", "late_journal_id"),
        ),
        Step(
            "again", "The certificate is sealed anew",
            "The first one stays as it was, suspended, and says why.",
            _again, _certificate,
        ),
    ),
)  # fmt: skip
