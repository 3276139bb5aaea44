"""
Every address, whoever writes it: it declares whom it is for, keeps outsiders out, changes nothing
when it is only looked at, and sends the headers that a page with money needs.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.tokens import default_token_generator
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from accounts.models import User
from accounts.roles import ACTIONS
from accounts.tokens import SCOPES
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.policy_change import content_for
from revops.canonical.models import Invoice
from revops.credits.models import Rule, ServiceCredit
from revops.credits.operations import drafting
from revops.credits.queries.sheet import Draft
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import ChangeSet
from revops.store import sql
from tests.api.calls import Caller
from tests.api.lookup_world import a_debt, a_grant, a_price, an_account
from tests.architecture.addresses import Address, every
from tests.cast import CAST, person
from tests.factories import (
    a_case,
    a_command,
    a_connection,
    a_gate,
    a_job,
    a_journal,
    a_merge,
    a_party,
    a_period,
    a_proposal,
    a_reference,
    a_schedule,
    an_act,
    an_event,
    an_invoice,
)
from tests.pipeline.flows.records import a_run
from tests.usage.kit import a_rated_account, a_rated_line

ADDRESSES = every()
METHODS = ("get", "post", "put", "patch", "delete")

# Addresses without a signed-in person. A new one is a decision: it is written down here, too.
OPEN = {
    "sign-in/": "asks who you are",
    "sign-out/": "ends one's own session",
    "sign-in/second-factor/": "asks for the second factor, behind the password",
    "sign-in/sso/": "leads to the company's own sign-in",
    "sign-in/sso/return/": "comes back from the company's own sign-in, with what was given out on "
    "the way",
    "set-password/<int:id>/<str:token>/": "the link is the proof: made for one person, for three "
    "days, for one use",
    "hooks/<str:public_id>/": "the sender's signature",
    "healthz": "says only that the process answers",
    "readyz": "no amounts, no names, no secrets",
    "api/docs/": "describes the API, holds no data",
    "api/v1/schema/": "describes the API, holds no data",
    "api/v1/contracts/": "describes the API, holds no data",
    "api/v1/contracts/<str:event>/<int:version>/": "describes the API, holds no data",
}


def each(wanted: list[Address]) -> Any:
    return pytest.mark.parametrize("address", wanted, ids=str)


PAGES = [one for one in ADDRESSES if not one.for_services and one.route not in OPEN]
GUARDED = [one for one in PAGES if one.policy and one.policy.action]
SERVICES = [one for one in ADDRESSES if one.for_services]


class TestPolicies:
    @each(ADDRESSES)
    def test_i2_are_declared_beside_every_view(self, address: Address) -> None:
        assert address.policy is not None, (
            f"{address} says nobody whom it is for: put @screen, @open_door or "
            "@for_everyone_signed_in on its view, or scope on its class."
        )

    @each([one for one in ADDRESSES if one.policy and one.policy.action])
    def test_name_what_is_known(self, address: Address) -> None:
        assert address.policy is not None
        known = SCOPES if address.for_services else ACTIONS
        assert address.policy.action in known

    def test_i2_open_no_door_that_is_not_on_the_list(self) -> None:
        found = {
            one.route: one.policy.open_because
            for one in ADDRESSES
            if one.is_open and one.policy is not None
        }
        assert found == OPEN


@pytest.mark.django_db
class TestOutsiders:
    """Otis is signed in and holds no role; a stranger is not signed in at all."""

    @each(GUARDED)
    def test_signed_in_without_a_role_are_refused(self, address: Address, otis: User) -> None:
        client = Client()
        client.force_login(otis)
        found = {
            method: getattr(client, method)(address.of_nothing()).status_code for method in METHODS
        }
        assert set(found.values()) <= {403, 404, 405}, found
        assert set(found.values()) != {405}, found

    @each(GUARDED)
    def test_signed_in_without_a_role_learn_nothing_of_what_exists(
        self, address: Address, otis: User
    ) -> None:
        if not address.asks():
            pytest.skip("The address names no record.")
        client = Client()
        client.force_login(otis)
        real = client.get(address.of(_values(address))).status_code
        assert real == client.get(address.of_nothing()).status_code

    @each(PAGES)
    def test_strangers_are_asked_to_sign_in(self, address: Address) -> None:
        for method in METHODS:
            answer = getattr(Client(), method)(address.of_nothing())
            assert answer.status_code in (302, 404), method
            if answer.status_code == 302:
                assert answer["Location"].startswith("/sign-in/"), method

    @each(SERVICES)
    def test_people_are_not_services(self, address: Address, ana: User) -> None:
        client = Client()
        client.force_login(ana)
        for method in METHODS:
            assert getattr(client, method)(address.of_nothing()).status_code == 401, method

    @each(PAGES)
    def test_i3_forms_from_elsewhere_are_refused(self, address: Address, mona: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(mona)
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(address.of_nothing())
            assert answer.status_code in (403, 404, 405), method


def _values(address: Address) -> dict[str, Any]:
    """Something that exists, for each variable part of an address."""
    journal = JournalEntry.objects.order_by("pk").values_list("pk", flat=True).first() or 1
    case = a_case(command=None)
    invoice = an_invoice()
    a_reference(invoice, invoice.number)
    special: list[tuple[str, dict[str, Any]]] = [
        (r"^approvals/APR-", {"number": _a_request().pk}),
        (r"^approvals/policies/<", {"number": _a_request().policy_id}),
        (r"^approvals/delegations/<", {"number": 1}),
        (r"^api/v1/approvals/", {"reference": str(_a_request())}),
        (r"^exceptions/EXC-", {"number": case.pk, "remedy": "retry"}),
        (r"^bulk/BLK-", {"number": a_job(case).pk, "what": "stop"}),
        (r"^exceptions/causes/", {"key": case.cause_key, "remedy": "retry"}),
        (r"^credits/terms/<", {"what": "rule", "id": _a_rule().pk}),
        (r"^credits/<", {"id": _a_credit(invoice).pk}),
        (r"^playbooks/", {"slug": "in_doubt"}),
        (r"^tours/", {"slug": "quote-to-cash"}),
        (r"^connections/", {"slug": a_gate().connection.slug}),
        (r"^hooks/", {"public_id": a_connection().public_id}),
        (r"^api/v1/cases/", {"reference": str(case)}),
        (r"^api/v1/journals/", {"reference": f"JE-{journal}"}),
        (r"^api/v1/contracts/", {"event": "invoice.issued", "version": 1}),
        (r"^journals/", {"id": journal}),
        (r"^audit/<", {"seq": an_act().seq}),
        (r"^events/EVT-", {"number": case.inbound_id or an_event().pk}),
        (r"^books/schedules/", {"id": a_schedule().pk}),
        (r"^books/periods/", {"id": a_period().pk}),
        (r"^customers/<", {"id": a_party().pk}),
        (r"^customers/duplicates/<", {"id": a_proposal().pk}),
        (r"^customers/duplicates/merges/", {"id": a_merge().pk}),
        (r"^records/", {"kind": "invoice", "id": invoice.pk}),
        (r"^flows/runs/", {"id": a_run().pk}),
        (r"^flows/<", {"event": "invoice.issued"}),
        (
            r"^set-password/",
            {"id": person("otis").pk, "token": default_token_generator.make_token(person("otis"))},
        ),
        (r"^me/", {"id": 1}),
        (r"^users/tokens/", {"prefix": "0000000000"}),
        (r"^users/<", {"id": person("otis").pk, "assignment": 1, "tie": 1}),
        (r"^break-glass/<", {"number": 1}),
        (r"^mappings/changes/", {"number": _a_set().pk, "position": 1}),
        (r"^mappings/<", {"kind": "tax-codes"}),
        (r"^usage/lines/", {"id": a_rated_line().pk}),
        (r"^usage/<", {"id": a_rated_account().pk}),
        (r"lineage/<\w+:kind>", {"kind": "invoice", "id": invoice.pk}),
        (r"^api/v1/lineage/<str:reference>", {"reference": invoice.number}),
    ]
    for pattern, values in special:
        if re.search(pattern, address.route):
            return values
    if address.asks():
        raise AssertionError(f"{address} is new: say in _values what exists there.")
    return {}


def _a_rule() -> Rule:
    return Rule.objects.create(
        name="Severity 1", reason_code="uptime", valid=DateRange(clock.now().date(), None)
    )


def _a_credit(invoice: Invoice) -> ServiceCredit:
    """A draft of the support agent's."""
    draft = Draft(sought=invoice.number, invoice_id=invoice.pk)
    return drafting.save(by=person("sue"), draft=draft)[0]


def _a_set() -> ChangeSet:
    now = clock.now()
    return ChangeSet.objects.create(
        kind="tax-codes", made_by=person("rob"), made_at=now, changed_at=now
    )


def _a_request() -> ApprovalRequest:
    """A change of a policy, asked for by a rule and waiting; the same one each time."""
    found = ApprovalRequest.objects.first()
    if found is not None:
        return found
    today = clock.now().date()
    approvals.begin_with(
        subject="approval_policy", tiers=approvals.ANOTHER_ADMIN, since=today, made_by="Setup"
    )
    tiers = approvals.ANOTHER_ADMIN
    return approvals.ask(
        subject="approval_policy",
        subject_id="1",
        content=content_for(
            subject="approval_policy", entity="", reason="", starts=today, tiers=tiers
        ),
        by=None,
        entity="",
        rule="The yearly look at policies",
    )


@pytest.mark.django_db(transaction=True)
class TestLooking:
    """I4: nothing is changed by a link, whoever follows it."""

    @pytest.fixture
    def company(self, transactional_db: None, settings: LazySettings) -> dict[str, Any]:
        """One of everything, in a demo."""
        settings.REVOPS_DEMO = True
        invoice = an_invoice()
        a_reference(invoice, invoice.number)
        entry = a_journal(record_kind="invoice", record_id=invoice.pk)
        command = a_command(entry)
        a_case(command=command, inbound=an_event())
        a_gate(command.connection)
        return {}

    @each([one for one in ADDRESSES if not one.for_services])
    def test_i4_changes_nothing(self, address: Address, company: dict[str, Any]) -> None:
        path = address.of(_values(address))
        seen: set[int] = set()
        for name in CAST:
            client = Client()
            client.force_login(person(name))
            with transaction.atomic():
                before = _rows_written()
                answer = client.get(path)
                assert _rows_written() == before, name
            assert answer.status_code < 500, name
            seen.add(answer.status_code)
        # Somebody of the cast must have seen it, or this test would look at nothing. 409 is a page
        # that says why the thing, as it stands, cannot be changed.
        assert seen & {200, 302, 405, 409}, seen

    def test_would_be_caught_if_it_changed_something(self, company: dict[str, Any]) -> None:
        with transaction.atomic():
            before = _rows_written()
            a_case()
            assert _rows_written() > before

    @each(SERVICES)
    def test_changes_nothing_for_services_either(
        self, address: Address, company: dict[str, Any]
    ) -> None:
        caller = Caller()
        path = address.of(_values(address)) + _asked(address)
        caller.get(path)  # notes when the token was used, which is all that it may
        with transaction.atomic():
            before = _rows_written()
            answer = caller.get(path)
            assert _rows_written() == before
        assert answer.status_code in (200, 405)


def _asked(address: Address) -> str:
    """What asks for something answers nothing without a question, and says so: give it one."""
    if "/find" in address.route:
        return "?q=JE-1"
    if "/lookups/" not in address.route:
        return ""
    account = an_account("cus_lookup", a_party())
    a_debt(account, 0, 100, number="LOOKUP-1")
    a_grant(account, "ent_lookup", "1")
    a_price("price_lookup")
    return {
        "account": "?id=cus_lookup",
        "credit": "?customer=cus_lookup",
        "entitlement": "?customer=cus_lookup&feature=calls",
        "invoice": "?id=LOOKUP-1",
        "price": "?price=price_lookup",
    }[address.route.strip("/").rpartition("/")[2]]


def _rows_written() -> int:
    """Rows written so far in this transaction, to any table but the sessions."""
    assert connection.in_atomic_block
    row = sql.one(
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint AS written "
        "FROM pg_stat_xact_user_tables WHERE relname <> 'django_session'"
    )
    assert row is not None
    return int(row.written)


@pytest.mark.django_db
class TestHeaders:
    """I29: on every answer, whatever its status."""

    @each(ADDRESSES)
    @pytest.mark.parametrize("name", [None, "ana"])
    def test_i29_are_sent(self, address: Address, name: str | None) -> None:
        client = Client()
        if name:
            client.force_login(person(name))
        answer = client.get(address.of_nothing())
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert re.fullmatch(r"[\w.:-]{8,64}", answer["X-Correlation-Id"])
        if not address.is_open or address.route.startswith(("hooks/", "readyz", "healthz")):
            assert answer["Cache-Control"] in ("no-store", "max-age=0, no-cache, no-store, "
                                               "must-revalidate, private")  # fmt: skip
