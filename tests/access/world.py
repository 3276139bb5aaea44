"""
Two legal entities with one of everything each: OURS, which people of one entity see, and THEIRS.

What is theirs carries marks that nothing else has: names hold ``NAME``, ids and numbers ``MARK``,
amounts are ``AMOUNT``. A page that shows any of them to somebody of ours has a hole. People belong
to no entity, and carry no mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Assignment, BreakGlass, SamePerson, User
from accounts.operations import create_token
from accounts.roles import Role
from accounts.tokens import SCOPES
from approvals import operations as approvals
from approvals.models import ApprovalRequest, Comment, Delegation
from exceptions.models import (
    Case,
    CaseEntry,
    Cause,
    Correction,
    PlaybookRun,
    PlaybookVersion,
    RunStep,
)
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
from revops.credits.models import Moment, Promise, Rule, ServiceCredit
from revops.delivery.models import Attempt
from revops.kernel import clock, correlation
from revops.kernel.money import Money
from revops.ledger.models import Recognition
from revops.lineage.models import Link
from revops.mappings.models import (
    AccountMap,
    ChangeSet,
    CostCentreMap,
    CustomerClassMap,
    EntityMap,
    ErpRoute,
    LegalEntity,
    MappingVersion,
    OwnershipRule,
    RatePolicy,
    SkuMap,
    TaxMap,
)
from revops.pipeline.models import FlowRun, StepRun
from revops.usage.models import Account, DayTotal, RatedLine, Stream
from tests import factories as make
from tests.accounts.codes import set_up
from tests.api import lookup_world as sold
from tests.approvals.kit import a_policy, a_subject

OURS, THEIRS = "US-INC", "QQ-GMBH"
NAME, MARK, AMOUNT = "Zanzibar", "zqx", 76_543
SHOWN: Final = ("zanzibar", "zqx", "765.43", "76543")
DAY: Final = date(2026, 10, 15)
PEOPLE: Final = {**{role.value: role for role in Role}, "nobody": None}


@dataclass
class Side:
    """What one entity has; ``at`` gives the parts of an address that are filled in by it."""

    entity: LegalEntity
    name: str
    mark: str
    amount: int
    made: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.made[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass
class World:
    """``of_all`` hold their role everywhere, ``of_ours`` for OURS only; both by role's name."""

    of_all: dict[str, User]
    of_ours: dict[str, User]
    asker: User
    ours: Side
    theirs: Side


def build() -> World:
    """Some hundred rows; takes about a second."""
    a_subject()
    of_all = {name: _person(name, role) for name, role in PEOPLE.items()}
    of_ours = {name: _person(f"our-{name}", role, OURS) for name, role in PEOPLE.items()}
    asker = _person("asker", Role.SUPPORT)
    a_policy()
    with transaction.atomic():
        approvals.begin_with(
            subject="approval_policy", tiers=approvals.ANOTHER_ADMIN, since=DAY, made_by="Setup"
        )
    ours = _side(OURS, "Contoso", "own", 10_000, asker)
    theirs = _side(THEIRS, NAME, MARK, AMOUNT, asker)
    make.a_connection()
    make.a_gate()
    make.an_act()
    return World(of_all, of_ours, asker, ours, theirs)


def _person(name: str, role: Role | None, entity: str = "") -> User:
    made = User.objects.create_user(f"{name}@example.com", name.replace("-", " ").title())
    if role is not None:
        Assignment.objects.create(user=made, role=role.value, legal_entity=entity)
    return made


def _side(code: str, name: str, mark: str, amount: int, asker: User) -> Side:
    entity = make.a_legal_entity(code, name=f"{name} Holding")
    side = Side(entity, name, mark, amount)
    _sold(side)
    _booked(side)
    _used(side)
    _failed(side)
    _asked(side, asker)
    return side


def _base(side: Side, prefix: str) -> dict[str, Any]:
    return sold.common(f"{prefix}_{side.mark}", legal_entity=side.entity)


def _sold(side: Side) -> None:
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
        **_base(side, "ZD"), customer=customer, customer_ref=customer.source_id,
        title=f"{name} cannot sign in", opened_on=DAY, severity="1",
    )  # fmt: skip
    opportunity = made["opportunity"] = Opportunity.objects.create(
        **_base(side, "006"), **money, customer=customer, name=f"{name} renewal", amount=amount,
        stage="Proposal",
    )  # fmt: skip
    made["quote"] = Quote.objects.create(
        **_base(side, "q"), **money, opportunity=opportunity, number=f"Q-{mark}", amount=amount,
        accepted_on=DAY,
    )  # fmt: skip
    made["contract"] = Contract.objects.create(
        **_base(side, "ctr"), **money, customer=customer, number=f"C-{mark}", total=amount,
        items=[], starts_on=DAY, ends_on=date(2027, 10, 14),
    )  # fmt: skip
    made["subscription"] = subscription = Subscription.objects.create(
        **_base(side, "sub"), **money, customer=customer, started_on=DAY,
        items=[{"sku": f"price_{mark}", "quantity": 1, "unit_amount": amount}],
    )  # fmt: skip
    made["entitlement"] = Entitlement.objects.create(
        **_base(side, "ent"), customer=customer, subscription=subscription,
        feature=f"Calls of {name}", quantity=5, granted_on=DAY, effective_on=DAY,
    )  # fmt: skip
    made["price"] = sold.a_price(f"price_{mark}", legal_entity=side.entity)
    made["payment"] = payment = sold.a_payment(
        customer, f"pi_{mark}", amount, legal_entity=side.entity, invoice=invoice
    )
    made["refund"] = Refund.objects.create(
        **_base(side, "re"), **money, payment=payment, amount=amount, dated=DAY
    )
    made["dispute"] = Dispute.objects.create(
        **_base(side, "dp"), **money, payment=payment, amount=amount, opened_on=DAY
    )
    made["payout"] = Payout.objects.create(
        **_base(side, "po"), **money, amount=amount, dated=DAY, reason=f"Bank of {name}"
    )
    made["tax"] = TaxDocument.objects.create(
        **_base(side, "tax"), **money, invoice=invoice, invoice_ref=invoice.source_id,
        total=amount, calculated_on=DAY,
    )  # fmt: skip
    made["recovery"] = Adjustment.objects.create(
        **_base(side, "rec"), **money, type="recovery", amount=amount, dated=DAY, invoice=invoice,
        note=f"Paid by {name} after all",
    )  # fmt: skip
    made["credit_memo"] = credit = Credit.objects.create(
        **_base(side, "cn"), **money, customer=customer, invoice=invoice, number=f"CN-{mark}",
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


def _booked(side: Side) -> None:
    """A journal, its schedule and its posting."""
    amount, made = side.amount, side.made
    made["entry"] = entry = make.a_journal(
        side.entity, lines=(("1200", amount), ("2400", -amount)), record_kind="invoice",
        record_id=side.invoice.pk, description=f"Invoice of {side.name}",
        business_key=f"stripe:in_{side.mark}",
    )  # fmt: skip
    made["period"] = entry.period
    made["schedule"] = schedule = make.a_schedule(
        entry, total=amount, functional_total=amount, sku=f"price_{side.mark}"
    )
    Recognition.objects.create(
        schedule=schedule, period_code=entry.period.code, amount=amount, functional_amount=amount
    )
    made["command"] = command = make.a_command(entry, external_id=f"ERP-{side.mark}")
    Attempt.objects.create(
        command=command, number=1, fence=1, kind="send", intent_at=clock.now(),
        request_sha256="0" * 64, excerpt=f"Sent for {side.name}",
    )  # fmt: skip
    Link.objects.create(from_kind="invoice", from_id=side.invoice.pk, to_kind="journal",
                        to_id=entry.pk, created_at=clock.now())  # fmt: skip


def _used(side: Side) -> None:
    now, meter = clock.now(), f"calls_{side.mark}"
    stream = Stream.objects.create(
        connection=make.a_connection("product", "cloudevents"), customer_ref=f"cus_{side.mark}",
        meter=meter, source=side.name, created_at=now,
    )  # fmt: skip
    DayTotal.objects.create(
        stream=stream, day=DAY, subscription=side.subscription, quantity=side.amount, records=1,
        last_used_at=now,
    )  # fmt: skip
    made = side.made
    made["usage"] = Account.objects.create(subscription=side.subscription, meter=meter)
    made["rated"] = RatedLine.objects.create(
        key=f"key_{side.mark}", subscription=side.subscription, customer=side.customer,
        legal_entity=side.entity, meter=meter, price_ref=f"price_{side.mark}", currency="USD",
        period_start=date(2026, 10, 1), period_end=date(2026, 10, 31), used_from=DAY, used_to=DAY,
        quantity=side.amount, free=0, charged=side.amount, records=1, amount=side.amount,
        rated_at=now, correlation_id=correlation.new_id(), state="final",
    )  # fmt: skip


def _failed(side: Side) -> None:
    key = f"cause-{side.mark}"
    made = side.made
    case = made["case"] = make.a_case(
        legal_entity=side.entity, cause_key=key, cause=f"The books of {side.name} are closed",
        what_happened=f"The ERP refused {side.name}.", subject_label=f"INV-{side.mark}",
        customer_name=f"{side.name} Ltd", at_stake=side.amount, command=side.command,
        inbound=side.inbound, record_kind="journal", record_id=side.entry.pk,
    )  # fmt: skip
    Cause.objects.get_or_create(
        key=key, defaults={"kind": case.kind, "sentence": case.cause, "first_at": clock.now()}
    )
    CaseEntry.objects.create(case=case, comment=True, text=f"Ask {side.name}", at=clock.now())
    _worked_on(case, _person(f"runner-of-{side.entity.pk}", Role.FINANCE), side)
    side.made["job"] = make.a_job(case, by=_person(f"bulk-of-{side.entity.pk}", Role.FINANCE))


def _asked(side: Side, asker: User) -> None:
    """What waits for a decision, and who works there."""
    made, code = side.made, side.entity.code
    made["request"] = request = a_request(side, asker)
    Comment.objects.create(request=request, by=asker, text=f"See {side.name}", at=clock.now())
    # Only the first policy of a subject needs nobody's yes: one for each.
    subject = "service_credit" if code == OURS else "case_close"
    made["policy"] = a_policy(subject, entity=code, note=f"Asked for by {side.name}")
    made["credit"] = a_credit(side, asker, state="waiting", sent_at=clock.now())
    made["draft"] = a_credit(side, asker)
    _mapped(side)
    made["change_set"] = ChangeSet.objects.create(
        kind="tax-codes", entities=[code], made_by=asker, made_at=clock.now(),
        changed_at=clock.now(), reason=side.name, source=f"{side.mark}.csv",
    )  # fmt: skip
    side.change_set.rows.create(
        position=1, op="set", entity=code, key=f"{side.mark}-vat", since=DAY,
        values={"account": "1200"},
    )  # fmt: skip
    valid = DateRange(date(2025, 1, 1), None)
    Promise.objects.create(
        legal_entity=side.entity, label=f"Plan of {side.name}", plan=f"price_{side.mark}",
        promise="availability", target="99.9 %", gives=1000, most=3000, valid=valid,
    )  # fmt: skip
    made["rule"] = Rule.objects.create(legal_entity=side.entity, name=f"Rule of {side.name}",
                        reason_code="uptime", valid=valid)  # fmt: skip
    made["colleague"] = colleague = _person(f"{code.lower()}-colleague", Role.MANAGER, code)
    made["assignment"] = colleague.assignments.get()
    alias = _person(f"{code.lower()}-alias", None)
    set_up(colleague)
    made["tie"] = SamePerson.objects.create(
        first=colleague, second=alias, reason="One badge", said_by=asker
    )
    made["token"], made["token_text"] = create_token(
        name=f"{side.name} feed", scopes=[*SCOPES, f"entity:{code}"], owner=colleague
    )
    deputy = _person(f"{code.lower()}-deputy", Role.MANAGER, code)
    made["delegation"] = Delegation.objects.create(
        giver=colleague, taker=deputy, starts_at=clock.now(), reason=f"Leaves {side.name}",
        ends_at=clock.now() + timedelta(days=2),
    )  # fmt: skip
    made["emergency"] = BreakGlass.objects.create(
        asked_by=colleague, actions=["cases.retry"], reason=f"Alone at {side.name}", minutes=20
    )


def a_request(side: Side, by: User) -> ApprovalRequest:
    """Something that somebody asks for and that waits."""
    return approvals.ask(
        by=by, subject="gift", subject_id=f"gift-{side.mark}-{by.pk}", entity=side.entity.code,
        content={"amount": side.amount, "to": f"{side.name} Ltd"},
        amount=Money(side.amount, "USD"), note=f"For {side.name}",
    )  # fmt: skip


def a_credit(side: Side, by: User, **values: Any) -> ServiceCredit:
    """A draft of a credit for the side's customer."""
    now = clock.now()
    given = {
        "asked_by": by, "connection": side.invoice.connection, "legal_entity": side.entity,
        "customer": side.customer, "invoice": side.invoice, "support_case": side.support_case,
        "ticket": side.support_case.source_id, "currency": "USD", "amount": side.amount,
        "entitled_on": DAY, "note": f"{side.name} was down", "created_at": now, "updated_at": now,
        "sought": side.name, "correlation_id": correlation.new_id(),
    } | values  # fmt: skip
    made = ServiceCredit.objects.create(**given)
    Moment.objects.create(credit=made, at=now, state=made.state, text=f"{side.name} asked")
    return made


def _mapped(side: Side) -> None:
    """A row of every map."""
    version = MappingVersion.objects.create(note="Maps", made_by="Setup")
    account = make.a_ledger_account()
    dated = {"valid": DateRange(DAY, None), "version": version}
    common = {"legal_entity": side.entity, **dated}
    erp = side.command.connection
    TaxMap.objects.create(code=f"{side.mark}-tax", account=account, **common)
    AccountMap.objects.create(role="receivable", account=account, **common)
    CostCentreMap.objects.create(account=account, cost_centre=f"{side.mark}-cc", **common)
    CustomerClassMap.objects.create(country="*", customer_class=f"{side.mark}-class", **common)
    RatePolicy.objects.create(max_age_days=3, **common)
    ErpRoute.objects.create(connection=erp, lane=side.mark, **common)
    EntityMap.objects.create(connection=erp, hint=side.mark, legal_entity=side.entity)
    OwnershipRule.objects.create(
        record_kind="contract", field="items", entity_code=side.entity.code, owner=erp, **dated
    )
    SkuMap.objects.create(
        sku=f"{side.mark}-plan", label=side.name, revenue_account=account,
        deferral_account=account, **common,
    )  # fmt: skip


def _worked_on(case: Case, by: User, side: Side) -> None:
    """A correction of the case's event that was not agreed to, and a run of its playbook."""
    now = clock.now()
    Correction.objects.create(
        case=case, original=side.inbound, changes=[], reason=f"Wrong at {side.name}", by=by, at=now,
        state="refused", ended_at=now,
    )  # fmt: skip
    version, _ = PlaybookVersion.objects.get_or_create(
        slug="in_doubt", number=1, defaults={"sha256": "0" * 64, "steps": [], "at": now}
    )
    run = PlaybookRun.objects.create(
        case=case, version=version, by=by, started_at=now, state="stopped", ended_at=now
    )
    RunStep.objects.create(
        run=run, position=1, state="failed", note=f"Nobody at {side.name}", by=by, at=now
    )
