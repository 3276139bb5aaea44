"""What waits for a decision at a side, who works there, and how its maps read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import BreakGlass, SamePerson, User
from accounts.operations import create_token
from accounts.roles import Role
from accounts.tokens import SCOPES
from approvals import operations as approvals
from approvals.models import ApprovalRequest, Comment, Delegation
from revops.alerts.models import Alert, Sample
from revops.alerts.models import Rule as AlertRule
from revops.credits.models import Moment, Promise, Rule, ServiceCredit
from revops.kernel import clock, correlation
from revops.kernel.money import Money
from revops.mappings.models import (
    AccountMap,
    ChangeSet,
    CostCentreMap,
    CustomerClassMap,
    EntityMap,
    ErpRoute,
    MappingVersion,
    OwnershipRule,
    RatePolicy,
    SkuMap,
    TaxMap,
)
from revops.measures.models import Sample as Hour
from tests import factories as make
from tests.access.sides import DAY, OURS, Side, a_person
from tests.accounts.codes import set_up
from tests.approvals.kit import a_policy


def ask(side: Side, asker: User) -> None:
    """What waits for a decision, and who works there."""
    made, code = side.made, side.entity.code
    made["request"] = request = a_request(side, asker)
    Comment.objects.create(request=request, by=asker, text=f"See {side.name}", at=clock.now())
    # Only the first policy of a subject needs nobody's yes: one for each.
    subject = "service_credit" if code == OURS else "case_close"
    made["policy"] = a_policy(subject, entity=code, note=f"Asked for by {side.name}")
    made["credit"] = a_credit(side, asker, state="waiting", sent_at=clock.now())
    made["draft"] = a_credit(side, asker)
    _watched(side, asker)
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
    made["colleague"] = colleague = a_person(f"{code.lower()}-colleague", Role.MANAGER, code)
    made["assignment"] = colleague.assignments.get()
    alias = a_person(f"{code.lower()}-alias", None)
    set_up(colleague)
    made["tie"] = SamePerson.objects.create(
        first=colleague, second=alias, reason="One badge", said_by=asker
    )
    made["token"], made["token_text"] = create_token(
        name=f"{side.name} feed", scopes=[*SCOPES, f"entity:{code}"], owner=colleague
    )
    deputy = a_person(f"{code.lower()}-deputy", Role.MANAGER, code)
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


def _watched(side: Side, by: User) -> None:
    """A rule that fires, and what was measured."""
    now = clock.now()
    common = {"legal_entity": side.entity, "currency": "USD"}
    side.made["alert_rule"] = rule = AlertRule.objects.create(
        name=f"Money of {side.name}", measure="blocked_money", threshold=side.amount - 1, owner=by,
        changed_at=now, since=now, value=side.amount, looked_at=now, **common,
    )  # fmt: skip
    side.made["alert"] = Alert.objects.create(
        rule=rule, sentence=f"Money of {side.name}: {Money(side.amount, 'USD')}.", began_at=now,
        value=side.amount, worst=side.amount, fired_at=now, **common,
    )  # fmt: skip
    Sample.objects.create(measure="blocked_money", at=now, value=side.amount, **common)
    Hour.objects.create(
        measure="ageing",
        hour=now.replace(minute=0, second=0, microsecond=0),
        count=1,
        legal_entity=side.entity,
    )


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
