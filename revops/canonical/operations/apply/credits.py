"""Credits: a request and its decision, a memo, and the use of a balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from revops.canonical.models import CreditState
from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import fact, json_of, make, put
from revops.contracts.credits import (
    CreditApplied,
    CreditApproved,
    CreditIssued,
    CreditRejected,
    CreditRequested,
    CreditVoided,
)
from revops.kernel import strict_json

_ISSUED: Final = 3
_VOID: Final = 4
_RANK: Final = {"requested": 0, "rejected": 1, "approved": 2}


def request(
    tables: Tables, data: CreditRequested | CreditApproved | CreditRejected, told: Telling
) -> Change:
    """
    What was asked for is the newest that was told; the decision is one whoever came first. A memo
    under the same id has the last word on the money.
    """
    table = tables.credit
    row = table.get(data.credit_id)
    what = data.contract.removeprefix("credit.").partition("/")[0]
    if row is not None and row.rank >= _ISSUED:
        change = Change("credit", row.id, Effect.STALE, "The credit has been issued since.")
    else:
        change = put(table, row, data.credit_id, _asked(tables, data, what), _RANK[what], told)
    row = table.get(data.credit_id)
    assert row is not None
    alone: dict[str, Any] = {}
    if row.state == CreditState.ISSUED:
        # What a memo does not say, whenever the request comes.
        alone = {
            "entitled_on": max(data.entitled_on, row.entitled_on or data.entitled_on),
            "case_ref": max(data.case_ref, row.case_ref),
        }
    if isinstance(data, CreditRequested):
        alone["requested_on"] = data.requested_on
    else:
        day, by = (
            (data.approved_on, data.approved_by)
            if isinstance(data, CreditApproved)
            else (data.rejected_on, data.rejected_by)
        )
        day, by = max((day, by), (row.decided_on or day, row.decided_by))
        alone |= {"decided_on": day, "decided_by": by}
    return fact(change, table, row, told, **alone)


def _asked(tables: Tables, data: Any, what: str) -> dict[str, Any]:
    return _about(tables, data) | {
        "credit_type": data.credit_type,
        "currency": data.currency,
        "net": data.amount,
        "total": data.amount,
        "state": CreditState(what).value,
        "entitled_on": data.entitled_on,
        "reason": data.reason,
        "case_ref": data.case_ref,
    }


def _about(tables: Tables, data: Any) -> dict[str, Any]:
    customer = tables.customer.get(data.customer_id)
    assert customer is not None
    invoice = tables.invoice.get(data.invoice_id) if data.invoice_id else None
    return {"customer_id": customer.id, "invoice_id": invoice.id if invoice else None}


def issued(tables: Tables, data: CreditIssued, told: Telling) -> Change:
    table = tables.credit
    row = table.get(data.credit_id)
    net = sum(line.amount for line in data.lines)
    money = {
        "currency": data.currency,
        "net": net,
        "tax": data.total - net,
        "total": data.total,
        "lines": json_of(data.lines),
        "settles": data.settles,
    }
    if row is not None and row.rank >= _ISSUED:
        same = all(getattr(row, name) == value for name, value in money.items())
        effect = Effect.SAME if same else Effect.CONFLICT
        note = "" if same else "The credit memo came again with other content."
        return Change("credit", row.id, effect, note)
    fields = (
        money
        | _about(tables, data)
        | {
            "number": data.number,
            "credit_type": data.credit_type,
            "state": CreditState.ISSUED.value,
            "issued_on": data.issued_on,
            "effective_on": data.effective_on,
            "reason": data.reason,
            "request_ref": data.request_ref,
        }
    )
    if row is None:
        change = make(table, data.credit_id, fields, _ISSUED, told)
    else:
        table.change(row, told, **fields)
        table.advance(row, version=told.version, told_at=told.at, rank=_ISSUED)
        change = Change("credit", row.id, Effect.CHANGED)
    invoice = tables.invoice.get(data.invoice_id) if data.invoice_id else None
    if invoice is not None:
        if data.settles == "invoice":
            tables.invoice.change(invoice, told, credited=invoice.credited + data.total)
        for line in data.lines:
            if line.invoice_line_id:
                tables.credit_line(invoice.id, line.invoice_line_id, line.amount)
    return change


def voided(tables: Tables, data: CreditVoided, told: Telling) -> Change:
    """Only what was issued can be voided; the invoice owes again what the memo took off it."""
    row = tables.credit.get(data.credit_id)
    assert row is not None
    if row.state == CreditState.VOID:
        same = row.voided_on == data.voided_on
        effect = Effect.SAME if same else Effect.CONFLICT
        return Change("credit", row.id, effect, "" if same else "The credit was voided twice.")
    if row.state != CreditState.ISSUED:
        return Change("credit", row.id, Effect.CONFLICT, "The credit was never issued.")
    tables.credit.change(row, told, state=CreditState.VOID.value, voided_on=data.voided_on)
    tables.credit.advance(row, version=max(row.version, told.version), rank=_VOID)
    if row.invoice_id is not None:
        if row.settles == "invoice":
            invoice = tables.invoice.by_id(row.invoice_id)
            tables.invoice.change(invoice, told, credited=invoice.credited - row.total)
        for line in strict_json.loads(row.lines):
            if line["invoice_line_id"]:
                tables.credit_line(row.invoice_id, line["invoice_line_id"], -line["amount"])
    return Change("credit", row.id, Effect.CHANGED)


def applied(tables: Tables, data: CreditApplied, told: Telling) -> Change:
    row, invoice = tables.credit.get(data.credit_id), tables.invoice.get(data.invoice_id)
    assert row is not None
    assert invoice is not None
    known = tables.applications.get((row.id, data.application_id))
    if known is not None:
        same = known == (invoice.id, data.amount)
        effect = Effect.SAME if same else Effect.CONFLICT
        return Change("credit", row.id, effect, "" if same else "It was used twice differently.")
    tables.apply_credit(row.id, data.application_id, invoice.id, data.amount, data.applied_on)
    tables.credit.change(row, told, applied=row.applied + data.amount)
    tables.invoice.change(invoice, told, applied=invoice.applied + data.amount)
    return Change("credit", row.id, Effect.CHANGED)


APPLY: Final[Mapping[str, Applier]] = {
    "credit.requested/1": request,
    "credit.approved/1": request,
    "credit.rejected/1": request,
    "credit.issued/1": issued,
    "credit.voided/1": voided,
    "credit.applied/1": applied,
}
