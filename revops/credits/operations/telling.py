"""
What becomes of a request, told to the line as business events in the name of the billing system
that holds the customer: the books, billing, the ticket and customer success follow from there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from revops.credits import life
from revops.credits.models import Moment, ServiceCredit
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.pipeline import receive
from revops.pipeline.receive import Offered

_SECOND: Final = timedelta(seconds=1)


def requested(credit: ServiceCredit) -> None:
    """It is asked for, or asked for anew with another amount."""
    credit.provisional = True
    _tell(credit, "requested", {"requested_on": _today(credit)})


def approved(credit: ServiceCredit) -> None:
    """Billing issues the credit note because of it."""
    _tell(credit, "approved", {"approved_on": _today(credit), "approved_by": credit.decided_by})


def refused(credit: ServiceCredit) -> None:
    """It will not be given, for whatever reason; what was accrued goes back."""
    if credit.provisional:
        credit.provisional = False
        _tell(
            credit, "rejected", {"rejected_on": _today(credit), "rejected_by": credit.decided_by},
            reason=credit.answer or life.STATES[credit.state],
        )  # fmt: skip


def note(credit: ServiceCredit, text: str, *, by: str = "") -> None:
    """A step of its life, for whoever follows it."""
    Moment.objects.create(
        credit=credit, at=clock.now(), state=credit.state, by=by[:120], text=text[:2000]
    )


def _today(credit: ServiceCredit) -> str:
    assert credit.legal_entity is not None
    return local_date(clock.now(), credit.legal_entity.zone).isoformat()


def _tell(
    credit: ServiceCredit, what: str, particular: dict[str, Any], *, reason: str = ""
) -> None:
    assert credit.connection is not None
    assert credit.customer is not None
    assert credit.legal_entity is not None
    assert credit.entitled_on is not None
    # Two events of one request never share a second: which is newer is always known.
    at = clock.now().replace(microsecond=0)
    if credit.told_at is not None:
        at = max(at, credit.told_at + _SECOND)
    credit.told_at = at
    data = {
        "credit_id": credit.number,
        "customer_id": credit.customer.source_id,
        "invoice_id": credit.invoice.source_id if credit.invoice else "",
        "credit_type": credit.credit_type,
        "currency": credit.currency,
        "amount": credit.amount,
        "entitled_on": credit.entitled_on.isoformat(),
        "reason": reason or life.REASONS[credit.reason_code],
        "case_ref": credit.ticket,
        "legal_entity": credit.legal_entity.code,
        **particular,
    }
    offered = Offered(
        id=f"console:{credit.number}:{what}:{int(at.timestamp())}",
        contract=f"credit.{what}/1",
        occurred_at=at,
        data=data,
    )
    receive.tell(
        connection_slug=credit.connection.slug, items=[offered],
        correlation_id=credit.correlation_id,
    )  # fmt: skip
