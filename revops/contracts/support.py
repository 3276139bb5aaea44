"""Cases of the support desk, as far as money or a promise hangs on them."""

from __future__ import annotations

from typing import ClassVar

from revops.contracts.base import Day, EventData, Id, MaybeId, Text


class _SupportCase(EventData):
    """The case as it is now; ``customer_ref`` is the customer by any system's id."""

    subject: ClassVar[str] = "support_case"

    case_id: Id
    customer_ref: MaybeId = ""
    title: Text
    severity: Text = ""
    status: Text = ""
    opened_on: Day
    invoice_ref: MaybeId = ""

    @property
    def subject_id(self) -> str:
        return self.case_id

    @property
    def related(self) -> tuple[tuple[str, str], ...]:
        named = (("customer", self.customer_ref), ("invoice", self.invoice_ref))
        return tuple(pair for pair in named if pair[1])


class SupportCaseOpened(_SupportCase):
    contract: ClassVar[str] = "support_case.opened/1"


class SupportCaseEscalated(_SupportCase):
    contract: ClassVar[str] = "support_case.escalated/1"

    escalated_on: Day


class SupportCaseResolved(_SupportCase):
    contract: ClassVar[str] = "support_case.resolved/1"

    resolved_on: Day
    resolution: Text = ""


class SupportCaseReopened(_SupportCase):
    """It was resolved, and is not any more."""

    contract: ClassVar[str] = "support_case.reopened/1"

    reopened_on: Day


class SlaBreached(_SupportCase):
    """The promise that was broken, such as ``first_response`` or ``availability``."""

    contract: ClassVar[str] = "sla.breached/1"

    promise: Text
    breached_on: Day
