from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.queries import NotAllowed
from connectors.models import Connection
from revops.console.connections import operations
from revops.console.connections.operations import ActRefused
from revops.delivery import gates
from revops.delivery.models import Gate
from revops.events.models import SourceCursor
from revops.kernel import clock
from tests.conftest import SignIn
from tests.connections.kit import a_source, an_erp, stopped, text_of, waiting

HTMX = {"HX-Request": "true", "HX-Target": "connection"}
ACTS = ("pause", "resume", "trial", "limits", "window", "poll", "test", "sandbox")


def gate_of(connection: Connection) -> Gate:
    return Gate.objects.get(connection=connection)


@pytest.mark.django_db
class TestPause:
    def test_lets_nothing_be_sent(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        waiting(erp)
        assert gates.allow(erp.pk, most=10).count == 10

        answer = sign_in(rob).post("/connections/erp/pause/", {"reason": "ERP upgrade"})

        assert answer.status_code == 302
        assert answer["Location"] == "/connections/erp/"
        allowance = gates.allow(erp.pk, most=10)
        assert (allowance.count, allowance.why) == (0, "paused")
        gate = gate_of(erp)
        assert (gate.paused_by, gate.pause_reason, gate.paused_until) == (
            "Rob Novak", "ERP upgrade", None,
        )  # fmt: skip

    def test_is_told_on_the_page(self, sign_in: SignIn, rob: User) -> None:
        an_erp()
        browser = sign_in(rob)
        page = browser.post(
            "/connections/erp/pause/", {"reason": "ERP upgrade", "until": "1h"}, follow=True
        )
        words = text_of(page)
        assert "Rob Novak paused sending until" in words
        assert "ERP upgrade. Nothing waits." in words
        assert "Resume now" in words
        assert 'name="reason"' not in page.content.decode()

    @pytest.mark.parametrize(
        ("until", "length"), [("30m", timedelta(minutes=30)), ("4h", timedelta(hours=4))]
    )
    def test_ends_by_itself(
        self, sign_in: SignIn, rob: User, until: str, length: timedelta
    ) -> None:
        erp = an_erp()
        sign_in(rob).post("/connections/erp/pause/", {"reason": "Upgrade", "until": until})
        ends = gate_of(erp).paused_until
        assert ends is not None
        assert abs(ends - clock.now() - length) < timedelta(seconds=10)

    def test_until_tomorrow_means_the_readers_morning(self, sign_in: SignIn, rob: User) -> None:
        rob.zone = "America/New_York"
        rob.save()
        erp = an_erp()
        sign_in(rob).post("/connections/erp/pause/", {"reason": "Upgrade", "until": "morning"})
        ends = gate_of(erp).paused_until
        assert ends is not None
        with timezone.override("America/New_York"):
            local = timezone.localtime(ends)
            tomorrow = timezone.localtime(clock.now()).date() + timedelta(days=1)
        assert (local.date(), local.hour, local.minute) == (tomorrow, 8, 0)

    def test_asks_for_a_reason(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        page = sign_in(rob).post("/connections/erp/pause/", {"reason": "  ", "until": "1h"})
        text = page.content.decode()
        assert page.status_code == 422
        assert "<title>Error: " in text
        assert "Say why, so that others know." in text
        assert '<option value="1h" selected>' in text
        assert gate_of(erp).paused_at is None

    def test_shows_the_problem_in_place_to_htmx(self, sign_in: SignIn, rob: User) -> None:
        an_erp()
        page = sign_in(rob).post("/connections/erp/pause/", {"reason": ""}, headers=HTMX)
        text = page.content.decode()
        assert page.status_code == 422
        assert "data-error-summary" in text
        assert "<html" not in text

    def test_is_refused_when_somebody_paused_it_before(
        self, sign_in: SignIn, rob: User, adam: User
    ) -> None:
        erp = an_erp()
        operations.pause(slug="erp", by=adam, reason="Month end", until=None)
        page = sign_in(rob).post("/connections/erp/pause/", {"reason": "Mine"}, headers=HTMX)
        assert page.status_code == 409
        assert page["HX-Retarget"] == "#notice"
        assert "Adam Berg paused ERP at" in text_of(page)
        assert gate_of(erp).pause_reason == "Month end"

    def test_that_has_ended_is_no_obstacle(self, rob: User) -> None:
        past = clock.now() - timedelta(hours=1)
        erp = an_erp(paused_at=past, paused_until=past, paused_by="Ada", pause_reason="Old")
        operations.pause(slug="erp", by=rob, reason="New", until=None)
        assert gate_of(erp).pause_reason == "New"


@pytest.mark.django_db
class TestResume:
    def test_sends_again_slowly_at_first(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp(paused_at=clock.now(), paused_by="Ada", pause_reason="Upgrade")
        page = sign_in(rob).post("/connections/erp/resume/", headers=HTMX)
        assert page.status_code == 200
        assert "ERP is sent to again, slowly at first." in text_of(page)
        assert gates.allow(erp.pk, most=10).count == 2

    def test_is_refused_when_somebody_resumed_it_before(self, sign_in: SignIn, rob: User) -> None:
        an_erp()
        page = sign_in(rob).post("/connections/erp/resume/")
        assert page.status_code == 409
        assert "not paused any more" in text_of(page)


@pytest.mark.django_db
class TestTrial:
    def test_lets_one_posting_through_now(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp(**stopped())
        assert gates.allow(erp.pk, most=10).count == 0
        sign_in(rob).post("/connections/erp/trial/")
        assert gates.allow(erp.pk, most=10).count == 1

    def test_ends_the_wait_that_the_system_asked_for(self, rob: User) -> None:
        erp = an_erp(not_before=clock.now() + timedelta(minutes=9))
        operations.try_now(slug="erp", by=rob)
        assert gates.allow(erp.pk, most=10).count == 10

    @pytest.mark.parametrize(
        ("gate", "why"),
        [
            ({}, "Nothing holds ERP back"),
            (
                stopped(paused_at=clock.now(), paused_by="Ada", pause_reason="Upgrade"),
                "Ada paused ERP at",
            ),
            (
                stopped(
                    window_from=clock.now() - timedelta(hours=1),
                    window_to=clock.now() + timedelta(hours=1),
                ),
                "ERP is under maintenance",
            ),
        ],
    )
    def test_is_refused_when_it_makes_no_sense(
        self, rob: User, gate: dict[str, object], why: str
    ) -> None:
        an_erp(**gate)
        with pytest.raises(ActRefused, match=why):
            operations.try_now(slug="erp", by=rob)


@pytest.mark.django_db
class TestLimits:
    def test_hold_back_what_is_more(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        page = sign_in(rob).post("/connections/erp/limits/", {"rate": "5"}, follow=True)
        assert "Saved: at most 5 postings a second." in text_of(page)
        assert gate_of(erp).rate == 5
        assert gates.allow(erp.pk, most=100).count <= 5

    def test_keep_what_was_earned_when_nothing_changes(self, rob: User) -> None:
        erp = an_erp(rate=5, tokens=4, tokens_at=clock.now())
        operations.set_limits(slug="erp", by=rob, rate=5, calls=None)
        assert gate_of(erp).tokens == 4

    @pytest.mark.parametrize("rate", ["", "fast", "-1", "1001", "1.5"])
    def test_are_whole_numbers_within_bounds(self, sign_in: SignIn, rob: User, rate: str) -> None:
        erp = an_erp(rate=7)
        page = sign_in(rob).post("/connections/erp/limits/", {"rate": rate})
        assert page.status_code == 422
        assert f'value="{rate}"' in page.content.decode()
        assert gate_of(erp).rate == 7

    def test_offer_no_calls_at_once_to_a_system_with_one_writer(
        self, sign_in: SignIn, rob: User
    ) -> None:
        erp = an_erp()
        browser = sign_in(rob)
        assert 'name="calls"' not in browser.get("/connections/erp/").content.decode()
        browser.post("/connections/erp/limits/", {"rate": "0", "calls": "9"})
        assert gate_of(erp).max_in_flight == 4


@pytest.mark.django_db
class TestWindow:
    def test_lets_nothing_be_sent_while_it_lasts(self, sign_in: SignIn, rob: User) -> None:
        rob.zone = "Europe/Berlin"
        rob.save()
        erp = an_erp()
        with timezone.override("Europe/Berlin"):
            now = timezone.localtime(clock.now())
        values = {
            "since": f"{now - timedelta(minutes=5):%Y-%m-%dT%H:%M}",
            "until": f"{now + timedelta(minutes=55):%Y-%m-%dT%H:%M}",
            "note": "Release 26.4",
        }
        page = sign_in(rob).post("/connections/erp/window/", values, follow=True)

        assert gates.allow(erp.pk, most=10).why == "maintenance window"
        words = text_of(page)
        assert "Maintenance until" in words
        assert "Maintenance began: Release 26.4." in words
        # The form shows it as it was typed.
        assert f'value="{values["since"]}"' in page.content.decode()

    def test_is_taken_away(self, sign_in: SignIn, rob: User) -> None:
        now = clock.now()
        erp = an_erp(window_from=now, window_to=now + timedelta(hours=1), window_note="Release")
        sign_in(rob).post("/connections/erp/window/", {"act": "remove"})
        gate = gate_of(erp)
        assert (gate.window_from, gate.window_to, gate.window_note) == (None, None, "")

    @pytest.mark.parametrize(
        ("since", "until", "problem"),
        [
            ("2030-01-01T10:00", "2030-01-01T09:00", "It must end after it begins."),
            ("2020-01-01T10:00", "2020-01-01T11:00", "It is over already"),
            ("2030-01-01T10:00", "2030-03-01T10:00", "At most 14 days"),
            ("", "2030-03-01T10:00", "Say when it begins."),
            ("2030-01-01T10:00", "soon", "Say when it ends."),
        ],
    )
    def test_must_make_sense(
        self, sign_in: SignIn, rob: User, since: str, until: str, problem: str
    ) -> None:
        erp = an_erp()
        page = sign_in(rob).post("/connections/erp/window/", {"since": since, "until": until})
        assert page.status_code == 422
        assert problem in page.content.decode()
        assert gate_of(erp).window_from is None


@pytest.mark.django_db
class TestPollNow:
    def test_makes_a_poll_due(self, sign_in: SignIn, rob: User) -> None:
        source = a_source()
        page = sign_in(rob).post("/connections/billing/poll/", follow=True)
        assert "The poll of Billing begins within seconds." in text_of(page)
        assert SourceCursor.objects.get(connection=source).next_at <= clock.now()

    def test_is_refused_when_one_is_due_anyway(self, rob: User) -> None:
        a_source(next_at=clock.now() - timedelta(seconds=1))
        with pytest.raises(ActRefused, match="is due already"):
            operations.poll_now(slug="billing", by=rob)

    def test_is_refused_for_what_is_not_polled(self, rob: User) -> None:
        an_erp()
        with pytest.raises(ActRefused, match="ERP is not polled"):
            operations.poll_now(slug="erp", by=rob)


@pytest.mark.django_db
class TestAccess:
    @pytest.mark.parametrize("act", ACTS)
    def test_is_refused_to_an_outsider(self, sign_in: SignIn, otis: User, act: str) -> None:
        erp = an_erp(**stopped())
        before = gate_of(erp).__dict__
        page = sign_in(otis).post(f"/connections/erp/{act}/", {"reason": "x", "rate": "1"})
        assert page.status_code == 403
        after = gate_of(erp).__dict__
        assert {k: v for k, v in after.items() if k != "_state"} == {
            k: v for k, v in before.items() if k != "_state"
        }

    @pytest.mark.parametrize("act", [act for act in ACTS if act != "sandbox"])
    def test_is_refused_to_those_who_only_look(
        self, sign_in: SignIn, ana: User, rae: User, act: str
    ) -> None:
        an_erp()
        for person in (ana, rae):
            page = sign_in(person).post(f"/connections/erp/{act}/", {"reason": "x", "rate": "1"})
            assert page.status_code == 403

    def test_is_decided_in_the_operation_too(self, ana: User) -> None:
        an_erp()
        with pytest.raises(NotAllowed):
            operations.pause(slug="erp", by=ana, reason="x", until=None)
        with pytest.raises(NotAllowed):
            operations.poll_now(slug="erp", by=ana)

    @pytest.mark.parametrize("act", ["pause", "resume", "trial", "limits", "window"])
    def test_does_nothing_to_a_source(self, sign_in: SignIn, rob: User, act: str) -> None:
        a_source()
        values = {
            "reason": "x", "rate": "1", "since": "2030-01-01T10:00", "until": "2030-01-01T11:00",
            "calls": "1",
        }  # fmt: skip
        page = sign_in(rob).post(
            f"/connections/billing/{act}/", values if act != "pause" else {"reason": "x"}
        )
        assert page.status_code == 409
        assert "Nothing is sent to Billing." in text_of(page)

    @pytest.mark.parametrize("act", ACTS)
    def test_knows_no_other_connection(self, sign_in: SignIn, rob: User, act: str) -> None:
        page = sign_in(rob).post(
            f"/connections/nowhere/{act}/",
            {"reason": "x"} if act == "pause" else {"act": "remove", "rate": "1"},
        )
        assert page.status_code == 404

    @pytest.mark.parametrize("act", ACTS)
    def test_is_not_done_by_a_link(self, sign_in: SignIn, rob: User, act: str) -> None:
        an_erp()
        assert sign_in(rob).get(f"/connections/erp/{act}/").status_code == 405
