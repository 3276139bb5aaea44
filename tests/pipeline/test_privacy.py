"""A person is forgotten and old payloads go; journals tie, threads show, the chain verifies."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction

from exceptions.models import Case, CaseEntry
from revops.audit.models import Erasure, Event
from revops.audit.verifying import verify
from revops.canonical.models import Customer
from revops.events.models import InboundEvent, InboxState
from revops.kernel import clock
from revops.kernel.actor import system
from revops.ledger.models import JournalEntry
from revops.lineage.queries import thread
from revops.pipeline.privacy import erasing, retaining
from revops.pipeline.privacy.erasing import Erased, carry_out
from revops.pipeline.privacy.places import Terms, TooShort, places
from revops.pipeline.privacy.retaining import last_run, retain
from revops.store import rows
from tests.accounts.test_database_roles import signed_in_as
from tests.factories import (
    a_case,
    a_command,
    a_connection,
    a_customer,
    a_journal,
    a_meaning,
    a_reference,
    an_act,
    an_event,
    an_invoice,
)

EMAIL, NAME = "pat@alder.example", "Zoë Pat-Lee"
BY = system("tests", "A test")
WHY = "Request 2026-114 of a data subject"
pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> dict[str, Any]:
    """The person in everything that can hold a person."""
    billing = a_connection()
    body = json.dumps({"email": EMAIL, "name": NAME, "amount": 10_000}).encode()
    inbound = an_event(billing, body=body, state=InboxState.PROCESSED)
    a_meaning(inbound, data=json.dumps({"email": EMAIL.upper(), "name": NAME}))
    customer = a_customer(billing, name=NAME, email=EMAIL, address={"line1": f"c/o {NAME}"})
    invoice = an_invoice(billing, customer=customer)
    a_reference(invoice, invoice.number)
    entry = a_journal(record_kind="invoice", record_id=invoice.pk, description=f"Invoice to {NAME}")
    a_command(entry, payload=json.dumps({"customer": NAME}))
    case = a_case(customer_name=NAME, inbound=inbound, facts=[["E-mail", EMAIL]])
    CaseEntry.objects.create(case=case, at=clock.now(), text=f"Wrote to {EMAIL}.", comment=True)
    act = an_act(reference=str(case), label=NAME, reason=f"Asked {EMAIL}")
    an_act(reference="EXC-77", reason="Somebody else, pat@alder.example.org")
    return {"invoice": invoice, "customer": customer, "case": case, "act": act, "event": inbound}


def erase(*texts: str) -> Erased:
    """As it is done once two people agreed."""
    held = Erasure.objects.create(
        terms=list(texts), reason=WHY, asked_at=clock.now(), asked_by="user:1",
        agreed_by="user:2", state=Erasure.State.AGREED, request="APR-1",
    )  # fmt: skip
    done = carry_out(held.pk)
    act = Event.objects.get(seq=done.act)
    told = json.loads(act.detail or "")["after"]
    return Erased(done.progress["rows"], done.progress["kept"], told["acts"])


def everything() -> str:
    """Every text of every table of ours but what the law keeps, as one text."""
    texts = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.db_table.startswith(("django_", "auth_", "ledger_", "delivery_")):
                continue
            for field in model._meta.local_concrete_fields:
                if isinstance(field, models.CharField | models.TextField | models.JSONField):
                    cursor.execute(f'SELECT "{field.column}"::text FROM {model._meta.db_table}')
                    texts += [row[0] for row in cursor.fetchall() if row[0]]
                elif isinstance(field, models.BinaryField):
                    cursor.execute(f'SELECT "{field.column}" FROM {model._meta.db_table}')
                    texts += [
                        bytes(row[0]).decode("latin-1") for row in cursor.fetchall() if row[0]
                    ]
    return "\n".join(texts)


class TestErasing:
    def test_leaves_nothing_of_the_person_but_what_the_law_keeps(
        self, told: dict[str, Any]
    ) -> None:
        before = Customer.objects.get().updated_at
        done = erase(EMAIL, NAME)
        # Who follows by that, such as a warehouse, hears of it.
        assert Customer.objects.get().updated_at > before
        left = everything().replace("pat@alder.example.org", "")
        assert EMAIL not in left.lower()
        assert NAME not in left
        assert json.dumps(NAME)[1:-1] not in left
        assert NAME.encode().decode("latin-1") not in left
        assert done.kept == {
            "delivery_outboundcommand.payload": 1,
            "ledger_journalentry.description": 1,
        }
        assert Customer.objects.get().email == "[erased]"
        body = json.loads(bytes(InboundEvent.objects.get(pk=told["event"].pk).body))
        assert body == {"email": "[erased]", "name": "[erased]", "amount": 10_000}

    def test_keeps_the_books_the_thread_and_the_chain_whole(self, told: dict[str, Any]) -> None:
        before = list(JournalEntry.objects.values())
        erase(EMAIL, NAME)
        assert list(JournalEntry.objects.values()) == before
        seen = thread("invoice", told["invoice"].pk)
        assert seen is not None
        assert any(hop.kind == "journal" for hop in seen.hops)
        report = verify()
        assert (report.passed, report.erased) == (True, 1)

    def test_is_an_act_that_names_nobody_and_says_what_it_erased(
        self, told: dict[str, Any]
    ) -> None:
        erase(EMAIL, NAME)
        act = Event.objects.get(action="person.erase")
        detail = json.loads(act.detail or "")
        assert detail["after"]["acts"] == [told["act"].seq]
        assert detail["reason"] == WHY
        assert EMAIL not in (act.detail or "") + act.reference
        gone = Event.objects.get(seq=told["act"].seq)
        assert (gone.detail, gone.salt, gone.erased_by) == (None, None, act.seq)
        assert Event.objects.get(reference="EXC-77").detail is not None

    def test_looks_first_and_changes_nothing(self, told: dict[str, Any]) -> None:
        before = everything()
        out = StringIO()
        call_command("erase", look=[EMAIL, NAME], stdout=out)
        assert "Nothing was changed." in out.getvalue()
        assert "canonical_customer.email" in out.getvalue()
        assert everything() == before

    def test_of_one_who_is_not_here_is_an_act_all_the_same(self) -> None:
        done = erase("nobody@nowhere.example")
        assert done.total == 0
        assert Event.objects.get().action == "person.erase"

    def test_goes_on_where_it_was_stopped(
        self, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasing, "_CHUNK", 1)
        held = Erasure.objects.create(
            terms=[EMAIL, NAME], reason=WHY, asked_at=clock.now(), asked_by="user:1",
            agreed_by="user:2", state=Erasure.State.AGREED,
        )  # fmt: skip
        turns = 0
        while (held := carry_out(held.pk, seconds=0)).state != Erasure.State.DONE:
            turns += 1
            assert held.terms == [EMAIL, NAME]
            assert turns < 500
        assert turns > len(list(places()))
        assert EMAIL not in everything().replace("pat@alder.example.org", "").lower()
        assert verify().passed

    def test_is_the_work_of_a_worker_who_signs_in_as_one(self, told: dict[str, Any]) -> None:
        with signed_in_as(rows.WORKER):
            done = erase(EMAIL, NAME)
        assert done.kept.keys() == {
            "delivery_outboundcommand.payload", "ledger_journalentry.description",
        }  # fmt: skip
        assert EMAIL not in everything().replace("pat@alder.example.org", "").lower()

    def test_of_what_nobody_agreed_to_is_refused(self) -> None:
        held = Erasure.objects.create(
            terms=[EMAIL], reason=WHY, asked_at=clock.now(), asked_by="user:1", request="APR-9"
        )
        with pytest.raises(CommandError, match="waits for somebody else"):
            call_command("erase", "APR-9")
        with pytest.raises(CommandError, match="no erasure"):
            call_command("erase", "APR-10")
        with pytest.raises(IntegrityError), transaction.atomic():
            Erasure.objects.filter(pk=held.pk).update(state="agreed", agreed_by="user:1")

    @pytest.mark.parametrize("terms", [[], [""], ["Pat"], [EMAIL, "ab"]])
    def test_refuses_texts_that_are_in_everything(self, terms: list[str]) -> None:
        with pytest.raises(TooShort):
            Terms.of(terms)
        with pytest.raises(CommandError):
            call_command("erase", look=terms or [""])

    def test_finds_whole_words_only(self, told: dict[str, Any]) -> None:
        a_case(customer_name="Patricia Leeds")
        erase("Patricia Lee")
        assert Case.objects.filter(customer_name="Patricia Leeds").exists()

    def test_knows_every_column_that_may_hold_a_person(self) -> None:
        known = {str(place) for place in places()}
        assert known >= {
            "canonical_customer.email", "canonical_party.name", "events_inboundevent.body",
            "events_businessevent.data", "exceptions_caseentry.text", "canonical_claim.value",
        }  # fmt: skip
        assert not [name for name in known if name.startswith(("accounts_", "audit_"))]


class TestRetaining:
    def test_takes_old_payloads_that_nobody_works_on(self) -> None:
        old = clock.now() - timedelta(days=91)
        for state, at in (
            (InboxState.PROCESSED, old), (InboxState.IGNORED, old),
            (InboxState.QUARANTINED, old), (InboxState.PARKED, old),
            (InboxState.PROCESSED, clock.now()),
        ):  # fmt: skip
            an_event(state=state, received_at=at, body=b'{"email":"a@b.example"}')
        out = StringIO()
        call_command("retain", dry_run=True, stdout=out)
        assert "2  would lose events_inboundevent: body after 90 days" in out.getvalue()
        assert not Event.objects.exists()
        assert retain(by=BY)["events_inboundevent: body"] == 2
        kept = InboundEvent.objects.exclude(body=b"").values_list("state", flat=True)
        assert sorted(kept) == ["parked", "processed", "quarantined"]
        assert Event.objects.get().action == "retention.apply"

    def test_done_again_does_nothing_and_says_so(self) -> None:
        an_event(state=InboxState.PROCESSED, received_at=clock.now() - timedelta(days=91))
        retain(by=BY)
        assert not any(retain(by=BY).values())
        assert Event.objects.count() == 2
        last = last_run()
        assert last is not None
        assert (last.total, last.ended) == (0, True)

    def test_goes_on_tomorrow_when_its_time_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retaining, "_CHUNK", 1)
        for _ in range(2):
            an_event(state=InboxState.PROCESSED, received_at=clock.now() - timedelta(days=91))
        assert retain(by=BY, seconds=0)["events_inboundevent: body"] == 1
        last = last_run()
        assert last is not None
        assert not last.ended
        assert retain(by=BY)["events_inboundevent: body"] == 1

    def test_leaves_the_digest_so_that_a_repeat_is_still_known(self) -> None:
        event = an_event(state=InboxState.PROCESSED, received_at=clock.now() - timedelta(days=91))
        retain(by=BY)
        assert InboundEvent.objects.get().body_sha256 == event.body_sha256
