"""What a side sold: its customers, what was agreed, billed, paid, and who said what of it."""

from __future__ import annotations

from datetime import date

from revops.canonical.models import (
    Adjustment,
    Claim,
    Contract,
    Credit,
    CreditApplication,
    Dispute,
    Drift,
    Entitlement,
    InvoiceLine,
    Merge,
    Opportunity,
    Payout,
    Quote,
    RecordChange,
    Refund,
    Subscription,
    SupportCase,
    TaxDocument,
)  # fmt: skip
from revops.kernel import clock, correlation
from revops.lineage.models import Link
from revops.pipeline.models import FlowRun, StepRun
from tests import factories as make
from tests.access.sides import DAY, Side, base
from tests.api import lookup_world as sold


def sell(side: Side) -> None:
    """Customers and what was agreed, billed, paid and complained about."""
    made, name, mark, amount = side.made, side.name, side.mark, side.amount
    made["party"] = make.a_party(name=f"{name} Ltd")
    made["customer"] = customer = make.a_customer(
        party=side.party, name=f"{name} Ltd", source_id=f"cus_{mark}", legal_entity=side.entity
    )
    made["twin"] = make.a_customer(
        name=f"{name} Limited", source_id=f"cus2_{mark}", legal_entity=side.entity
    )
    absorbed = make.a_customer(
        party=make.a_party(name=f"{name} Old", merged_into=side.party), name=f"{name} Old",
        source_id=f"cus3_{mark}", legal_entity=side.entity,
    )  # fmt: skip
    made["merge"] = Merge.objects.create(
        survivor=side.party, absorbed=absorbed.party, at=clock.now()
    )
    made["proposal"] = make.a_proposal(side.party, side.twin.party)
    money = {"currency": "USD"}
    made["invoice"] = invoice = make.an_invoice(
        customer=customer, number=f"INV-{mark}", source_id=f"in_{mark}", legal_entity=side.entity,
        net=amount, total=amount, due_on=date(2026, 10, 30), state="overdue",
    )  # fmt: skip
    InvoiceLine.objects.create(
        invoice=invoice, position=1, line_id=f"il_{mark}", sku=f"price_{mark}", quantity=1,
        description=f"Plan of {name}", amount=amount,
    )  # fmt: skip
    case = made["support_case"] = SupportCase.objects.create(
        **base(side, "ZD"), customer=customer, customer_ref=customer.source_id,
        title=f"{name} cannot sign in", opened_on=DAY, severity="1",
    )  # fmt: skip
    opportunity = made["opportunity"] = Opportunity.objects.create(
        **base(side, "006"), **money, customer=customer, name=f"{name} renewal", amount=amount,
        stage="Proposal",
    )  # fmt: skip
    made["quote"] = Quote.objects.create(
        **base(side, "q"), **money, opportunity=opportunity, number=f"Q-{mark}", amount=amount,
        accepted_on=DAY,
    )  # fmt: skip
    made["contract"] = Contract.objects.create(
        **base(side, "ctr"), **money, customer=customer, number=f"C-{mark}", total=amount,
        items=[], starts_on=DAY, ends_on=date(2027, 10, 14),
    )  # fmt: skip
    made["subscription"] = subscription = Subscription.objects.create(
        **base(side, "sub"), **money, customer=customer, started_on=DAY,
        items=[{"sku": f"price_{mark}", "quantity": 1, "unit_amount": amount}],
    )  # fmt: skip
    made["entitlement"] = Entitlement.objects.create(
        **base(side, "ent"), customer=customer, subscription=subscription,
        feature=f"Calls of {name}", quantity=5, granted_on=DAY, effective_on=DAY,
    )  # fmt: skip
    made["price"] = sold.a_price(f"price_{mark}", legal_entity=side.entity)
    made["payment"] = payment = sold.a_payment(
        customer, f"pi_{mark}", amount, legal_entity=side.entity, invoice=invoice
    )
    made["refund"] = Refund.objects.create(
        **base(side, "re"), **money, payment=payment, amount=amount, dated=DAY
    )
    made["dispute"] = Dispute.objects.create(
        **base(side, "dp"), **money, payment=payment, amount=amount, opened_on=DAY
    )
    made["payout"] = Payout.objects.create(
        **base(side, "po"), **money, amount=amount, dated=DAY, reason=f"Bank of {name}"
    )
    made["tax"] = TaxDocument.objects.create(
        **base(side, "tax"), **money, invoice=invoice, invoice_ref=invoice.source_id,
        total=amount, calculated_on=DAY,
    )  # fmt: skip
    made["recovery"] = Adjustment.objects.create(
        **base(side, "rec"), **money, type="recovery", amount=amount, dated=DAY, invoice=invoice,
        note=f"Paid by {name} after all",
    )  # fmt: skip
    made["credit_memo"] = credit = Credit.objects.create(
        **base(side, "cn"), **money, customer=customer, invoice=invoice, number=f"CN-{mark}",
        credit_type="goodwill", net=amount, total=amount, state="issued", support_case=case,
        reason=f"Because {name} asked", issued_on=DAY,
    )  # fmt: skip
    CreditApplication.objects.create(
        credit=credit, application_id=f"ca_{mark}", invoice=invoice, amount=amount, applied_on=DAY
    )
    for record in (customer, invoice, payment, subscription, credit):
        sold.known(record, type(record).__name__.lower())
    sold.known(invoice, "invoice_number", invoice.number)
    _told(side)


def _told(side: Side) -> None:
    """Who said what of the customer, where they differ, and what changed."""
    now, customer = clock.now(), side.customer
    Claim.objects.create(
        record_kind="customer", record_id=customer.pk, field="name", value=f"{side.name} Ltd",
        connection=customer.connection, source_id=customer.source_id, version=1, since=now, at=now,
    )  # fmt: skip
    Drift.objects.create(
        record_kind="party", record_id=side.party.pk, field="name", legal_entity=side.entity,
        other=customer.connection, other_source_id=customer.source_id, other_at=now,
        owner_value=f"{side.name} Ltd", other_value=f"{side.name} GmbH", opened_at=now,
    )  # fmt: skip
    RecordChange.objects.create(
        record_kind="customer", record_id=customer.pk, field="name", before=f"{side.name}",
        after=f"{side.name} Ltd", at=now,
    )  # fmt: skip
    inbound = side.made["inbound"] = make.an_event(
        source_event_id=f"evt_{side.mark}", body=f'{{"name":"{side.name}"}}'.encode(),
        state="processed",
    )  # fmt: skip
    side.made["meaning"] = meaning = make.a_meaning(
        inbound, legal_entity=side.entity.code, subject_id=side.invoice.source_id
    )
    Link.objects.create(from_kind="event", from_id=inbound.pk, to_kind="invoice",
                        to_id=side.invoice.pk, created_at=now)  # fmt: skip
    run = side.made["run"] = FlowRun.objects.create(
        business_event=meaning, flow="invoice.issued", legal_entity=side.entity,
        record_kind="invoice", record_id=side.invoice.pk, subject_id=side.invoice.source_id,
        state="done", note=f"Told {side.name}", correlation_id=correlation.new_id(),
        started_at=now, finished_at=now,
    )  # fmt: skip
    StepRun.objects.create(run=run, position=1, step="crm.invoice_state", state="done",
                           connection=make.a_connection(), note=f"As {side.name}")  # fmt: skip
