"""What happens in the tour of a service credit: in the systems, and what people do here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from accounts.models import User
from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from revops.credits import life
from revops.credits.life import CannotChange
from revops.credits.models import ServiceCredit
from revops.credits.operations import sending
from revops.credits.operations.sending import Incomplete
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.mappings.models import LegalEntity
from revops.pipeline.period_end import runs
from revops.pipeline.recognize import PeriodNotOpen
from revops.sandbox.company import SALESFORCE, STRIPE
from revops.sandbox.contacts import DESK
from revops.sandbox.tours.amending import noon
from revops.sandbox.tours.base import Act, Acts, Deed, Facts, NotPossible

HOME: Final = "US-INC"
PLAN: Final = "price_scale_yearly"
# A year of the plan in minor units, and how many are bought: a broken month then gives a share
# that a finance manager decides.
PRICE: Final = 4_850_000
QUANTITY: Final = 3
# Bought so many days ago: last month is served in whole.
BOUGHT: Final = 70
# Demo people of support and of finance management.
ASKER, APPROVER = "tom@demo.example", "marcus@demo.example"


def broken_on() -> date:
    """The last day of the month before this one, as the entity's books count."""
    home = LegalEntity.objects.get(code=HOME)
    return local_date(clock.now(), home.zone).replace(day=1) - timedelta(days=1)


def credit_of(facts: Facts) -> ServiceCredit | None:
    found = ServiceCredit.objects.filter(invoice__source_id=facts["invoice"]).order_by("pk")
    return found.first()


def _accrue(facts: Facts, by: str) -> Facts:
    """The run that the console makes by itself every night, for this entity and month."""
    home = LegalEntity.objects.get(code=HOME)
    try:
        runs.run(
            entity_id=home.pk, period_code=f"{broken_on():%Y-%m}", kinds=["credits"], by=by or HOME
        )
    except PeriodNotOpen as closed:
        raise NotPossible(str(closed)) from closed
    return {}


def _as(email: str, act: Callable[[ServiceCredit, User], object], state: str) -> Deed:
    """Somebody of the demo does it, unless whoever walks the tour did it on the page."""

    def do(facts: Facts, by: str) -> Facts:
        credit = ServiceCredit.objects.get(pk=facts["credit"])
        if credit.state != state:
            return {}
        try:
            act(credit, User.objects.get(email=email))
        except (Incomplete, CannotChange, NotAllowed, approvals.ApprovalRefused) as refused:
            raise NotPossible(str(refused)) from refused
        return {}

    return Deed(do)


def _send(credit: ServiceCredit, by: User) -> None:
    sending.send(by=by, credit_id=credit.pk)


def _approve(credit: ServiceCredit, by: User) -> None:
    request = ApprovalRequest.objects.get(pk=credit.approval_id or 0)
    approvals.decide(
        request_id=request.pk, verdict="approve", by=by, seen=request.sha256,
        reason="Measured by the status monitor.",
    )  # fmt: skip


ACCOUNT: Final = Act(
    SALESFORCE, "account",
    lambda facts: {"Name": f"Halcyon Freight {facts['run']}", "Legal_Entity__c": HOME},
    lambda said: {"account": said["account"]},
)  # fmt: skip
SELL: Final = Act(
    STRIPE, "customers",
    lambda facts: {
        "count": 1, "price": PLAN, "amount": PRICE, "quantity": QUANTITY,
        "legal_entity": HOME,
        "called": f"Halcyon Freight {facts['run']}", "account": facts["account"],
        "at": noon(BOUGHT), "pays": None,
    },
    lambda said: {name: said["made"][0][name] for name in ("customer", "subscription", "invoice")},
)  # fmt: skip
BREACH: Final = Act(
    DESK, "ticket",
    lambda facts: {
        "subject": "API requests fail", "priority": "urgent", "customer_ref": facts["customer"],
        "invoice_ref": facts["invoice"], "promise": "availability",
        "promise_day": broken_on().isoformat(),
    },
    lambda said: {"ticket": said["ticket"]},
)  # fmt: skip
ACCRUE: Final = Deed(_accrue)
SEND: Final = _as(ASKER, _send, life.DRAFT)
APPROVE: Final = Acts((
    Act(STRIPE, "hold", lambda facts: {"invoice": facts["invoice"]}, lambda said: {}),
    _as(APPROVER, _approve, life.WAITING),
))  # fmt: skip
RELEASE: Final = Act(
    STRIPE, "release", lambda facts: {"invoice": facts["invoice"]}, lambda said: {}
)
