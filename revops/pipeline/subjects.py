"""What the line lets people do only when somebody else agrees, about customers and periods."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest
from approvals.subjects import CannotApply, Consequences, Content, Flag, Lift, Row, Subject
from exceptions.models import Case, CaseState
from revops.canonical.identity.deciding import CannotDecide
from revops.canonical.models import Customer
from revops.mappings.models import AccountingPeriod
from revops.pipeline import identity
from revops.pipeline.fixing import customers
from revops.pipeline.period_end import periods


class CustomerMerge(Subject):
    """Two customers that are one."""

    slug = identity.MERGE
    label = "Customer merge"
    request_action = identity.ACTION
    decide_action = "mappings.approve"
    fallback = ("finance|manager",)

    def title(self, content: Content) -> str:
        return f"Merge {content['absorbed_name']} into {content['survivor_name']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Stays", str(content["survivor_name"]), link=_customer(content["survivor"])),
            Row("Becomes part of it", str(content["absorbed_name"]),
                link=_customer(content["absorbed"])),
            Row("Why", str(content["reason"])),
        ]  # fmt: skip

    def consequences(self, content: Content) -> Consequences:
        accounts = Customer.objects.filter(party=content["absorbed"]).count()
        word = "account moves" if accounts == 1 else "accounts move"
        return Consequences(
            sentences=[
                f"{accounts} {word} to {content['survivor_name']}.",
                "Systems that show customers are told. It can be undone.",
            ]
        )

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        who = by or request.requested_by
        if who is None:
            raise CannotApply("Nobody asked for it who could be named.")
        try:
            made = identity.merge_agreed(
                by=who,
                survivor_id=content["survivor"],
                absorbed_id=content["absorbed"],
                reason=content["reason"],
            )
        except CannotDecide as error:
            raise CannotApply(str(error)) from error
        return f"They are one customer since merge {made.pk}."

    def link(self, request: ApprovalRequest) -> str:
        return ""


class CustomerByHand(Subject):
    """A customer that its system has not told of, told of by a person."""

    slug = customers.SLUG
    label = "Customer told of by hand"
    request_action = customers.ACTION
    decide_action = "mappings.approve"
    fallback = ("finance|manager",)

    def title(self, content: Content) -> str:
        return f"{content['customer']} of {content['connection']} is {content['of']}"[:200]

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Customer", str(content["customer"]), sub=f"as {content['connection']} calls it"),
            Row("Is", str(content["of"])),
            Row("Cases that wait for it", f"{content['cases']:,}"),
            Row("Why", str(content["reason"])),
        ]

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "The console tells of it in the system’s place; what waits goes on.",
                "Whatever the system tells of it later takes its place.",
            ]
        )

    def lift(self, content: Content) -> Lift:
        return Lift(unpriced=True)

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        return customers.tell(content)

    def link(self, request: ApprovalRequest) -> str:
        return ""


class PeriodReopening(Subject):
    """A closed period that takes postings again."""

    slug = periods.REOPENING
    label = "Period reopening"
    request_action = "periods.reopen"
    decide_action = "close.sign"
    fallback = ("manager", "manager")

    def title(self, content: Content) -> str:
        return f"Open {content['code']} of {content['entity']} again"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Legal entity", str(content["entity"])),
            Row("Period", str(content["code"])),
            Row("Why", str(content["reason"])),
        ]

    def consequences(self, content: Content) -> Consequences:
        period = AccountingPeriod.objects.filter(pk=content["period"]).first()
        waiting = _waiting(content)
        word = "case goes" if waiting == 1 else "cases go"
        after = "Nothing waits for it."
        if waiting:
            after = f"{waiting:,} {word} through the line again."
        return Consequences(
            sentences=[
                f"{content['code']} takes postings again.",
                after,
            ],
            entity=str(content["entity"]),
            period=str(content["code"]),
            period_open=period is not None and period.state == "open",
        )

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        later = AccountingPeriod.objects.filter(
            legal_entity__code=content["entity"], code__gt=content["code"], state="closed"
        )
        if later.exists():
            return [Flag("warn", "A later period is closed", "Periods are opened from the last.")]
        return [Flag("ok", "It is the last closed period")]

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        who = by or request.requested_by
        if who is None:
            raise CannotApply("Nobody asked for it who could be named.")
        try:
            again = periods.open_agreed(period_id=content["period"], by=who)
        except (periods.PeriodRefused, AccountingPeriod.DoesNotExist) as error:
            raise CannotApply(str(error)) from error
        return f"{content['code']} is open; {again:,} went through the line again."


def _waiting(content: Content) -> int:
    return (
        Case.objects.filter(
            kind="period_closed",
            legal_entity__code=content["entity"],
            period_code=content["code"],
        )
        .exclude(state=CaseState.RESOLVED)
        .count()
    )


def _customer(party: int) -> str:
    return reverse("console:customer", args=[party])
