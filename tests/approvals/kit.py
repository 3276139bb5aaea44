"""A subject of the tests' own, policies, and people who ask and decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Assignment, User
from accounts.roles import Role
from approvals import operations, subjects
from approvals.models import ApprovalRequest, Policy, Tier
from approvals.policies import TierTerms
from approvals.subjects import CannotApply, Consequences, Content, Lift, Line, Row, Stand, Subject
from revops.kernel.money import Money
from tests.factories import a_legal_entity

ALWAYS: Final = DateRange(date(2025, 1, 1), None)
# docs/approvals.md: tiers of a service credit, in whole units of the functional currency.
TIERS: Final = (
    TierTerms(1, 1_000, ("finance|manager",), escalate_to="manager"),
    TierTerms(2, 10_000, ("manager",)),
    TierTerms(3, 100_000, ("finance", "manager"), reauthenticate=True),
    TierTerms(4, None, ("manager", "manager"), reauthenticate=True),
)


class Gift(Subject):
    """Something with an amount that somebody wants to give away."""

    slug = "gift"
    label = "Gift"
    request_action = "credits.request"

    def __init__(self) -> None:
        self.applied: list[int] = []
        self.turned_down: list[tuple[int, str]] = []

    def title(self, content: Content) -> str:
        return f"Gift of {content['amount']} for {content.get('to', 'Contoso')}"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("For", str(content.get("to", "Contoso"))),
            Row("Amount", str(content["amount"])),
        ]

    def consequences(self, content: Content) -> Consequences:
        money = Money(int(content["amount"]), "USD")
        return Consequences(
            sentences=["It is sent at once."],
            lines=[Line("4900", "Gifts", debit=money), Line("1100", "Receivable", credit=money)],
            entity="NW-US",
            currency="USD",
            day=date(2026, 11, 4),
            period="2026-11",
            period_open=True,
        )

    def makers(self, content: Content) -> Mapping[int, str] | Stand:
        return Stand(
            requests=content.get("stands_on", ()),
            people={int(one): "worked on its case" for one in content.get("workers", ())},
        )

    def lift(self, content: Content) -> Lift:
        return Lift(plus=int(content.get("plus", 0)), why="Outside of the contract.")

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        if content.get("broken"):
            raise CannotApply("The invoice is gone.")
        self.applied.append(request.pk)
        return "Given."

    def refused(self, request: ApprovalRequest, content: Content, verdict: str) -> None:
        self.turned_down.append((request.pk, str(verdict)))


def a_subject() -> Gift:
    """The subject, registered anew, having done nothing yet."""
    made = Gift()
    subjects.register(made)
    return made


@transaction.atomic
def a_policy(subject: str = "gift", tiers: Sequence[TierTerms] = TIERS, **values: Any) -> Policy:
    made = Policy.objects.create(
        **({"subject": subject, "valid": ALWAYS, "made_by": "Ada Berg"} | values)
    )
    Tier.objects.bulk_create(
        Tier(
            policy=made,
            number=one.number,
            up_to=one.up_to,
            steps=list(one.steps),
            due_days=one.due_days,
            escalate_to=one.escalate_to,
            reauthenticate=one.reauthenticate,
        )
        for one in tiers
    )
    return made


def a_person(name: str, *roles: Role, entity: str = "") -> User:
    """Somebody of that first name, who holds these roles."""
    made = User.objects.create_user(
        f"{name.lower()}@example.com", name, "correct horse battery staple"
    )
    for role in roles:
        Assignment.objects.create(user=made, role=role.value, legal_entity=entity)
    return made


def a_request(by: User, amount: int = 50_000, *, currency: str = "USD", **values: Any) -> Any:
    """Asked by somebody: a gift of so many minor units."""
    a_legal_entity()
    content = {"amount": amount, "to": "Contoso"} | values.pop("content", {})
    asked: dict[str, Any] = {
        "subject": "gift",
        "subject_id": f"gift-{ApprovalRequest.objects.count() + 1}",
        "entity": "NW-US",
        "amount": Money(amount, currency),
    }
    return operations.ask(by=by, content=content, **(asked | values))
