from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.models import User
from connectors import registry
from connectors.models import Connection
from revops.console.connections import switches
from revops.delivery.models import OutboundCommand
from revops.kernel import clock
from revops.mappings.queries import Today
from tests import months
from tests.conftest import SignIn
from tests.connections.kit import text_of
from tests.factories import a_connection
from tests.pipeline.rehearsal import Rehearsal

ERP = "/connections/tryton/"
DOOR = "/connections/tryton/sandbox/"
HTMX = {"HX-Request": "true", "HX-Target": "connection"}


class TestSwitches:
    @pytest.mark.parametrize("name", ["down", "hang", "throttle", "response_lost"])
    def test_are_turned_on_and_off_in_the_sandbox(
        self, sandbox: Rehearsal, sign_in: SignIn, rob: User, name: str
    ) -> None:
        browser = sign_in(rob)

        page = browser.post(DOOR, {"on": name}, headers=HTMX)
        assert page.status_code == 200
        assert name in sandbox.control("faults", method="GET")
        states = {item.switch.slug: item.on for item in page.context["switches"].settings}
        assert [slug for slug, on in states.items() if on] == [name]

        browser.post(DOOR, {"off": name})
        assert sandbox.control("faults", method="GET") == {}

    def test_count_what_is_left(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        page = sign_in(rob).post(DOOR, {"on": "response_lost"}, follow=True)
        assert "On, 3 left" in text_of(page)

    def test_break_stripe_too(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        browser = sign_in(rob)
        page = browser.post("/connections/stripe/sandbox/", {"on": "drop_webhooks"}, follow=True)
        words = text_of(page)
        assert "Stripe drops its webhooks from now on." in words
        assert page.context["switches"].broken
        page = browser.post("/connections/stripe/sandbox/", follow=True)
        assert not page.context["switches"].broken

    def test_close_this_month_and_open_it(
        self, line: Rehearsal, sign_in: SignIn, rob: User
    ) -> None:
        browser = sign_in(rob)

        page = browser.post(DOOR, {"on": "period"}, follow=True)
        assert f"Tryton {months.closes()}." in text_of(page)
        line.subscribe(pays=True)
        line.deliver()
        line.run(until="exception")
        refused = OutboundCommand.objects.filter(state="exception").first()
        assert refused is not None
        assert refused.code == "period_closed"

        browser.post(DOOR, {"off": "period"})
        line.subscribe(pays=True)
        line.deliver()
        line.run(until="posted")

    def test_close_both_months_while_it_has_turned_for_some(
        self, sandbox: Rehearsal, sign_in: SignIn, rob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One in the morning of 1 December in UTC: in New York it is November still."""
        days = Today(date(2026, 11, 30), date(2026, 12, 1))
        monkeypatch.setattr(switches, "today", lambda at: days)
        browser = sign_in(rob)
        told: list[Any] = []
        monkeypatch.setattr(switches, "_told", lambda one, method, door, body: told.append(body))

        page = browser.post(DOOR, {"on": "period"}, follow=True)

        assert "Tryton closes 2026-11 and 2026-12 from now on." in text_of(page)
        assert told == [{"2026-11": "closed", "2026-12": "closed"}]

    def test_say_what_the_sandbox_says(
        self, sandbox: Rehearsal, sign_in: SignIn, rob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(switches, "_months", lambda: ["1999-01"])
        page = sign_in(rob).post(DOOR, {"on": "period"}, headers=HTMX)
        assert page.status_code == 409
        assert "The sandbox says no: There is no period 1999-01" in text_of(page)

    def test_survive_a_sandbox_that_does_not_answer(
        self, sandbox: Rehearsal, sign_in: SignIn, rob: User
    ) -> None:
        Connection.objects.filter(slug="tryton").update(control_url="http://127.0.0.1:9")
        browser = sign_in(rob)
        assert "does not say how its switches stand" in text_of(browser.get(ERP))
        page = browser.post(DOOR, {"on": "down"}, headers=HTMX)
        assert page.status_code == 409
        assert "own door does not answer" in text_of(page)


class TestBreakingAndMending:
    def test_one_trial_is_enough_after_mending(
        self, line: Rehearsal, sign_in: SignIn, rob: User
    ) -> None:
        """The demo's own story: break, see it stop, mend, try once, all is posted once."""
        browser = sign_in(rob)
        browser.post(DOOR, {"on": "down"})
        for _ in range(6):
            line.subscribe(pays=True)
        line.deliver()
        line.run(until="retry_wait")
        page = browser.get(ERP)
        assert page.context["row"].status == "stopped"
        assert page.context["row"].health.waiting_count > 5
        assert line.moves() == []

        browser.post(DOOR)
        answer = browser.post("/connections/tryton/trial/", headers=HTMX)
        assert answer.status_code == 200
        OutboundCommand.objects.filter(state="retry_wait").update(next_at=clock.now())
        line.settle()

        assert browser.get(ERP).context["row"].status == "healthy"
        line.assert_books_agree()

    def test_nothing_reaches_the_books_while_it_is_paused(
        self, line: Rehearsal, sign_in: SignIn, rob: User
    ) -> None:
        browser = sign_in(rob)
        browser.post("/connections/tryton/pause/", {"reason": "Month end"})
        line.subscribe(pays=True)
        line.deliver()
        line.run()
        assert line.moves() == []
        assert set(line.states()) == {"pending"}

        browser.post("/connections/tryton/resume/")
        line.settle()
        line.assert_books_agree()
        assert line.moves() != []


class TestOffer:
    def test_is_made_to_finance_too(self, sandbox: Rehearsal, sign_in: SignIn, ana: User) -> None:
        # The demo's finance people break things; only operating is for others.
        browser = sign_in(ana)
        assert 'id="switches"' in browser.get(ERP).content.decode()
        assert browser.post(DOOR, {"on": "down"}).status_code == 302

    def test_is_not_made_to_an_auditor(
        self, sandbox: Rehearsal, sign_in: SignIn, rae: User
    ) -> None:
        browser = sign_in(rae)
        assert 'id="switches"' not in browser.get(ERP).content.decode()
        assert browser.post(DOOR, {"on": "down"}).status_code == 403
        assert sandbox.control("faults", method="GET") == {}

    def test_is_not_made_outside_of_a_demo(
        self, sandbox: Rehearsal, sign_in: SignIn, rob: User, settings: LazySettings
    ) -> None:
        settings.REVOPS_DEMO = False
        browser = sign_in(rob)
        assert 'id="switches"' not in browser.get(ERP).content.decode()
        for body in ({"on": "down"}, {}):
            assert browser.post(DOOR, body).status_code == 404
        assert sandbox.control("faults", method="GET") == {}

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "values", [{"environment": "production"}, {"control_url": ""}, {"connector": "other"}]
    )
    def test_is_made_for_known_sandboxes_only(
        self, settings: LazySettings, values: dict[str, str]
    ) -> None:
        settings.REVOPS_DEMO = True
        usual = {"connector": "tryton", "control_url": "http://127.0.0.1:9"}
        assert switches.offered(a_connection("sandbox", **usual))
        assert not switches.offered(a_connection("else", **(usual | values)))

    def test_are_declared_by_the_connectors_themselves(self) -> None:
        declared = {slug for slug, one in registry.all_manifests().items() if one.switches}
        assert declared == set(registry.all_manifests()) - {"statement"}
        named = set(registry.all_manifests())
        assert not [slug for slug in named if slug in Path(switches.__file__).read_text("utf-8")]

    @pytest.mark.parametrize(
        "slug", ["email", "gainsight", "salesforce", "slack", "stripe", "tryton", "zendesk"]
    )
    def test_are_faults_that_the_connectors_sandbox_knows(self, slug: str) -> None:
        folder = Path(registry.__file__).parent / "systems" / slug / "sandbox"
        words = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
        for switch in registry.manifest(slug).switches:
            if switch.fault:
                assert re.search(rf"\b{switch.fault}\b", words), switch.slug
                assert switch.fault in switch.on

    def test_has_no_other_switch(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        assert sign_in(rob).post(DOOR, {"on": "explode"}).status_code == 404

    def test_reaches_no_other_machine(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        Connection.objects.filter(slug="tryton").update(control_url="https://example.com")
        page = sign_in(rob).post(DOOR, {"on": "down"}, headers=HTMX)
        assert page.status_code == 409
        assert "example.com is not one that this connector may call" in text_of(page)
