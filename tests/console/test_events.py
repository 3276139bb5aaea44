"""The list of events and the page of one: what they show is what is stored, and no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from exceptions.payloads import leaves
from revops.console.events import histogram
from revops.console.events.filters import instant
from revops.events.models import InboundEvent
from revops.kernel import clock
from revops.pipeline.normalize import API_TYPE
from tests.conftest import SignIn
from tests.factories import a_case, a_command, a_connection, a_meaning, an_event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 3, tzinfo=UTC)


def stripe_event(number: int = 1, **object_fields: object) -> bytes:
    """An invoice as Stripe tells of it; no contract can hold what is left out."""
    told = {
        "id": f"evt_{number}", "object": "event", "type": "invoice.finalized", "created": number,
        "livemode": False, "api_version": "2025-01-27", "account": "acct_1",
        "data": {"object": {"id": "in_1", "object": "invoice"} | object_fields},
    }  # fmt: skip
    return json.dumps(told).encode()


@pytest.fixture
def ines(client: Client, rob: User, sign_in: SignIn) -> Client:
    return sign_in(rob)


class TestTheList:
    def test_shows_events_and_keeps_dead_letters_apart(self, ines: Client) -> None:
        fine = an_event(state="processed")
        dead = an_event(state="quarantined", reason="It has a shape we do not know.")
        both = ines.get("/events/").content.decode()
        assert f"EVT-{fine.pk}<" in both
        assert f"EVT-{dead.pk}<" in both
        only = ines.get("/events/?show=dead").content.decode()
        assert f"EVT-{fine.pk}<" not in only
        assert f"EVT-{dead.pk}<" in only
        assert "It has a shape we do not know." in only

    @pytest.mark.parametrize("which", ["source_event_id", "object_id", "correlation_id", "ours"])
    def test_finds_by_whole_ids(self, ines: Client, which: str) -> None:
        wanted = an_event(object_id="in_77")
        other = an_event(object_id="in_78")
        words = str(wanted) if which == "ours" else getattr(wanted, which)
        found = ines.get("/events/", {"q": words}).content.decode()
        assert f"{wanted}<" in found
        assert f"{other}<" not in found

    def test_filters_by_system_type_state_and_time(self, ines: Client) -> None:
        now = clock.now()
        old = an_event(received_at=now - timedelta(days=3), type="charge.failed")
        elsewhere = an_event(a_connection("crm", "salesforce"), state="ignored")
        for asked, shown, hidden in (
            ("system=crm", elsewhere, old),
            ("type=charge.failed", old, elsewhere),
            ("state=ignored", elsewhere, old),
            ("last=24h", elsewhere, old),
            (f"until={instant((now - timedelta(days=1)).isoformat())}", old, elsewhere),
        ):
            found = ines.get(f"/events/?{asked}").content.decode()
            assert f"{shown}<" in found, asked
            assert f"{hidden}<" not in found, asked

    def test_asks_the_database_no_more_often_for_more_events(
        self, ines: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(30):
            an_event()
        with django_assert_max_num_queries(30):
            assert ines.get("/events/?rows=100").status_code == 200

    def test_shows_what_was_sent_with_its_key(self, ines: Client) -> None:
        command = a_command()
        found = ines.get("/events/?show=out").content.decode()
        assert f"CMD-{command.pk}<" in found
        assert escape(command.key) in found

    def test_gives_the_filter_as_a_file(self, ines: Client) -> None:
        an_event(state="processed", source_event_id="evt_kept")
        an_event(state="quarantined", source_event_id="evt_dead")
        answer = ines.post("/events/events.csv?show=dead")
        text = b"".join(answer.streaming_content).decode()
        assert "evt_dead" in text
        assert "evt_kept" not in text


class TestTheHistogram:
    def test_counts_every_event_in_one_bar_and_leads_to_it(self, ines: Client) -> None:
        for minutes, state in ((33, "processed"), (2, "poison"), (1, "processed")):
            an_event(received_at=NOW - timedelta(minutes=minutes), state=state)
        bars = histogram.bars_of(InboundEvent.objects.all(), since=None, until=None, at=NOW)
        assert [(bar.count, bar.dead) for bar in bars if bar.count] == [(1, 0), (2, 1)]
        assert {bar.until - bar.since for bar in bars} == {timedelta(minutes=5)}
        first = next(bar for bar in bars if bar.count == 1)
        asked = {
            "since": instant(first.since.isoformat()),
            "until": instant(first.until.isoformat()),
        }
        assert ines.get("/events/", asked).context["page"].count.number == 1

    def test_takes_longer_bars_for_a_longer_time(self) -> None:
        bars = histogram.bars_of(
            InboundEvent.objects.all(), since=NOW - timedelta(days=7), until=None, at=NOW
        )
        assert bars[0].since <= NOW - timedelta(days=7)
        assert bars[-1].until >= NOW
        assert len(bars) == histogram.BARS


class TestTheEvent:
    def test_says_which_field_breaks_the_contract(self, ines: Client) -> None:
        told = {"contract": "price.updated/1", "occurred_at": "2026-11-01T00:00:00+00:00",
                "data": {"price_id": "p_1", "unit_price": "dear"}}  # fmt: skip
        event = an_event(type=API_TYPE, body=json.dumps(told).encode(), state="quarantined")
        page = ines.get(f"/events/EVT-{event.pk}/")
        check = page.context["check"]
        assert check.holds is False
        assert "unit_price" in dict(check.problems)
        assert "unit_price</dt>" in page.content.decode()

    def test_says_in_words_what_a_system_left_out(self, ines: Client) -> None:
        event = an_event(body=stripe_event(), state="quarantined")
        page = ines.get(f"/events/EVT-{event.pk}/")
        assert page.context["check"].sentence == "The object names no currency."

    def test_says_that_an_expired_payload_is_gone(self, ines: Client) -> None:
        event = an_event(body=b"", state="processed")
        page = ines.get(f"/events/EVT-{event.pk}/")
        assert page.context["check"].holds is None
        assert "It was deleted when its time was over." in page.content.decode()

    def test_shows_what_differs_from_the_version_before_and_masks_both(self, ines: Client) -> None:
        about = {"object_type": "invoice", "object_id": "in_1"}
        first = an_event(body=stripe_event(1, total=100, phone="+1 202 555 0100"), **about)
        second = an_event(body=stripe_event(2, total=250, phone="+1 202 555 0199"), **about)
        page = ines.get(f"/events/EVT-{second.pk}/")
        changed = {one.path: (one.before, one.after) for one in page.context["changed"]}
        assert changed["data.object.total"] == ("100", "250")
        assert "data.object.phone" not in changed
        assert "555 01" not in page.content.decode()
        assert f"/events/EVT-{first.pk}/" in page.content.decode()

    def test_leads_to_what_came_of_it(self, ines: Client) -> None:
        event = an_event(state="quarantined")
        a_meaning(event)
        case = a_case(inbound=event, command=None)
        found = ines.get(f"/events/EVT-{event.pk}/").content.decode()
        assert f"/exceptions/EXC-{case.pk}/" in found


class TestLeaves:
    def test_are_the_values_by_their_path(self) -> None:
        found = leaves('{"a": {"b": [1, {"c": "x"}], "phone": "5"}, "d": [], "e": "m@x.example"}')
        assert found == {
            "a.b[0]": "1", "a.b[1].c": "x", "a.phone": "••••", "d": "[]", "e": "••••@••",
        }  # fmt: skip

    def test_of_what_is_no_object_are_none(self) -> None:
        assert leaves("[1]") == leaves("not json") == {}
