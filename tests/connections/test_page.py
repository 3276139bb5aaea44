from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from connectors.operations import set_secret
from revops.kernel import clock
from tests.conftest import SignIn
from tests.connections.kit import a_call, a_source, an_erp, stopped, text_of, waiting
from tests.factories import a_case, a_connection, an_event

ERP = "/connections/erp/"
SOURCE = "/connections/billing/"


@pytest.mark.django_db
class TestPageOfATarget:
    def test_tells_the_state_in_a_sentence(self, sign_in: SignIn, ana: User) -> None:
        waiting(an_erp(**stopped()))
        words = text_of(sign_in(ana).get(ERP))
        assert "Nothing is sent because the system could not be reached. 1 posting waits." in words
        assert "Next: One posting is tried." in words

    def test_titles_itself_by_the_state(self, sign_in: SignIn, ana: User) -> None:
        an_erp(**stopped())
        page = sign_in(ana).get(ERP).content.decode()
        assert "<title>ERP, stopped – RevOps Console</title>" in page

    def test_shows_times_in_the_readers_zone(self, sign_in: SignIn, ana: User) -> None:
        ana.zone = "Asia/Kolkata"
        ana.save()
        until = clock.now().replace(microsecond=0) + timedelta(minutes=3)
        an_erp(**stopped(retry_at=until))
        local = until + timedelta(hours=5, minutes=30)
        assert f"{local:%H:%M:%S} IST" in text_of(sign_in(ana).get(ERP))

    def test_lists_calls_with_their_thread_and_case(self, sign_in: SignIn, ana: User) -> None:
        command = waiting(an_erp(), state="exception")
        a_call(command, "refused", http_status=400, reason="The customer is inactive.")
        case = a_case(command=command)

        page = sign_in(ana).get(ERP).content.decode()

        assert f'href="/lineage/journal/{command.subject_id}/"' in page
        assert f'href="/exceptions/EXC-{case.pk}/"' in page
        assert "400, The customer is inactive." in page
        assert "1.2" in page

    def test_tells_calls_under_way_from_calls_in_doubt(self, sign_in: SignIn, ana: User) -> None:
        erp = an_erp()
        a_call(waiting(erp, state="sending"), None)
        a_call(waiting(erp, state="unknown"), None)
        a_call(waiting(erp, state="unknown"), "ok", kind="read", reason="Not there.")
        a_call(waiting(erp, state="unknown"), "in_doubt", kind="read")

        calls = sign_in(ana).get(ERP).context["calls"]

        assert [(call.status, call.word) for call in calls] == [
            ("interrupted", "Not answered"), ("done", "Looked up"), ("in_doubt", ""),
            ("sending", "Under way"),
        ]  # fmt: skip

    def test_shows_no_call_of_another_connection(self, sign_in: SignIn, ana: User) -> None:
        an_erp()
        a_call(waiting(an_erp("other")), "ok")
        assert sign_in(ana).get(ERP).context["calls"] == []

    def test_splits_the_backlog_by_kind_and_ties_to_the_sum(
        self, sign_in: SignIn, ana: User
    ) -> None:
        erp = an_erp()
        for amount in (100, 200):
            waiting(erp, amount)
        waiting(erp, 400, document_type="payment")

        page = sign_in(ana).get(ERP)
        kinds = {item.document: (item.count, item.money) for item in page.context["backlog"]}

        assert {name: count for name, (count, _) in kinds.items()} == {"Invoice": 2, "Payment": 1}
        (whole,) = page.context["row"].money
        assert sum(money.minor for _, (money,) in kinds.values()) == whole.minor == 700

    def test_names_what_is_held_for_a_person_apart(self, sign_in: SignIn, ana: User) -> None:
        command = waiting(an_erp(), state="exception")
        a_case(command=command, connection_slug="erp", at_stake=420_00)
        words = text_of(sign_in(ana).get(ERP))
        assert "Not counted: 1 posting held for a person, worth USD 420.00." in words
        assert "Nothing waits." in words

    def test_explains_grade_and_settle_window(self, sign_in: SignIn, ana: User) -> None:
        an_erp()
        words = text_of(sign_in(ana).get(ERP))
        assert "Read first" in words
        assert "It would take the same posting twice." in words
        assert "Settle window" in words

    def test_escapes_what_others_wrote(self, sign_in: SignIn, ana: User) -> None:
        an_erp(paused_at=clock.now(), paused_by="<b>Bo</b>", pause_reason="<script>x</script>")
        page = sign_in(ana).get(ERP).content.decode()
        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page


@pytest.mark.django_db
class TestPageOfASource:
    def test_shows_how_far_it_has_come(self, sign_in: SignIn, rob: User) -> None:
        event = an_event(a_source(missed=3), object_id="in_123")
        page = sign_in(rob).get(SOURCE)
        words = text_of(page)
        assert "Events are taken as they come." in words
        assert "of 12 events that polls saw" in words
        assert f'href="/lineage/event/{event.pk}/"' in page.content.decode()

    def test_shows_the_webhook_address_to_those_who_operate(
        self, sign_in: SignIn, rob: User, ana: User
    ) -> None:
        source = a_source()
        assert f"/hooks/{source.public_id}/" in sign_in(rob).get(SOURCE).content.decode()
        assert source.public_id not in sign_in(ana).get(SOURCE).content.decode()

    def test_offers_neither_pause_nor_trial(self, sign_in: SignIn, rob: User) -> None:
        a_source()
        page = sign_in(rob).get(SOURCE).content.decode()
        assert "/connections/billing/pause/" not in page
        assert "/connections/billing/poll/" in page


@pytest.mark.django_db
class TestCredentials:
    def test_are_named_and_never_shown(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        set_secret(erp, "api_key", "a-very-secret-key-wxyz")
        page = sign_in(rob).get(ERP).content.decode()
        assert "a-very-secret" not in page
        assert "••••wxyz" in page

    def test_are_missed_when_they_are_needed(self, sign_in: SignIn, rob: User) -> None:
        an_erp()
        found = {item.label: item for item in sign_in(rob).get(ERP).context["credentials"]}
        assert found["API key"].missing
        assert not found["Password"].missing

    def test_show_both_while_one_is_rotated(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        set_secret(erp, "api_key", "the-old-secret-key-aaaa")
        set_secret(erp, "api_key", "the-new-secret-key-bbbb", overlap=timedelta(hours=1))
        found = [item for item in sign_in(rob).get(ERP).context["credentials"] if item.ending]
        assert [(item.ending, item.until is None) for item in found] == [
            ("bbbb", True), ("aaaa", False),
        ]  # fmt: skip


@pytest.mark.django_db
class TestLivePart:
    def test_brings_what_moves_and_no_form_that_somebody_types_in(
        self, sign_in: SignIn, rob: User
    ) -> None:
        waiting(an_erp(**stopped()))
        answer = sign_in(rob).get(ERP, headers={"HX-Request": "true", "HX-Target": "live"})
        text = answer.content.decode()
        for part in ('id="live"', 'id="flow"', 'id="state-tag"'):
            assert text.count(part) == 1
        assert 'name="reason"' not in text
        assert "<html" not in text


@pytest.mark.django_db
class TestAccess:
    def test_is_refused_to_an_outsider(self, sign_in: SignIn, otis: User) -> None:
        an_erp()
        assert sign_in(otis).get(ERP).status_code == 403

    def test_shows_an_auditor_everything_but_the_buttons(self, sign_in: SignIn, rae: User) -> None:
        an_erp(**stopped())
        page = sign_in(rae).get(ERP)
        assert page.status_code == 200
        assert 'method="post" action="/connections/' not in page.content.decode()
        assert "open to: RevOps engineer, Administrator" in text_of(page)

    def test_knows_no_other_connection(self, sign_in: SignIn, ana: User) -> None:
        assert sign_in(ana).get("/connections/nowhere/").status_code == 404

    def test_says_why_a_page_cannot_be_shown(self, sign_in: SignIn, ana: User) -> None:
        a_connection("old", "netsuite_3")
        page = sign_in(ana).get("/connections/old/")
        assert page.status_code == 409
        assert "No connector “netsuite_3” is installed here." in text_of(page)


@pytest.mark.django_db
class TestCost:
    def test_of_a_target_is_bounded(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp(**stopped())
        set_secret(erp, "api_key", "the-secret-key-of-the-erp")
        for amount in range(1, 20):
            command = waiting(erp, amount)
            a_call(command, "transient")
            a_case(command=command, connection_slug="erp")
        browser = sign_in(rob)
        with CaptureQueriesContext(database) as asked:
            page = browser.get(ERP)
        assert len(page.context["calls"]) == 12
        assert len(asked) <= 13, [query["sql"][:90] for query in asked]

    def test_of_a_source_is_bounded(self, sign_in: SignIn, rob: User) -> None:
        source = a_source()
        for _ in range(20):
            an_event(source)
        browser = sign_in(rob)
        with CaptureQueriesContext(database) as asked:
            page = browser.get(SOURCE)
        assert len(page.context["deliveries"]) == 12
        assert len(asked) <= 13, [query["sql"][:90] for query in asked]


@pytest.mark.django_db
class TestPlaybooks:
    def test_of_its_unresolved_cases_lead_to_what_to_do(self, sign_in: SignIn, ana: User) -> None:
        erp = an_erp()
        for _ in range(2):
            a_case(kind="in_doubt", connection_slug=erp.slug)
        page = sign_in(ana).get("/connections/erp/").content.decode()
        assert "What to do about its cases" in page
        assert 'href="/playbooks/in_doubt/"' in page
