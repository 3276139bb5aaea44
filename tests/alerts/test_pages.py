"""The rules, the editor and an alert, as people of different roles meet them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from revops.alerts.models import Alert, Rule
from revops.alerts.operations import answering, watching
from revops.kernel import clock
from tests.alerts.kit import MINUTE, NOON, a_rule, blocked, the_alert
from tests.conftest import SignIn
from tests.factories import a_legal_entity

pytestmark = pytest.mark.django_db


def boxes(owner: User, **values: Any) -> dict[str, Any]:
    """What somebody types, where a legal entity keeps its books in USD."""
    a_legal_entity()
    given = {
        "name": "Month end", "measure": "blocked_money", "entity": "", "comparison": "more",
        "limit": "50,000", "currency": "USD", "for_minutes": "2 h", "closes_within": "3",
        "owner": str(owner.pk), "mail": "on", "quiet_from": "20", "quiet_until": "7",
    }  # fmt: skip
    return {**given, **values}


class TestList:
    def test_shows_each_rule_as_a_sentence_with_its_noise(
        self, mona: User, sign_in: SignIn
    ) -> None:
        a_rule(mona, for_minutes=30, closes_within=3, quiet_from=20, quiet_until=7)
        Rule.objects.update(looked_at=NOON)
        page = sign_in(mona).get("/alerts/").content.decode()
        assert "in periods that end within 3 days or have ended: more than USD" in page
        assert "20:00 to 07:00" in page
        assert "0 / 0" in page

    def test_what_stands_is_first_and_taken_on_with_one_press(
        self, mona: User, sign_in: SignIn
    ) -> None:
        a_rule(mona)
        blocked()
        watching.look(at=NOON)
        browser, alert = sign_in(mona), the_alert()
        assert (
            "1 alert waits for somebody to take it on" in browser.get("/alerts/").content.decode()
        )
        browser.post(f"/alerts/ALT-{alert.pk}/acknowledge")
        alert.refresh_from_db()
        assert alert.acknowledged_by == mona
        assert "Every alert that stands is taken on" in browser.get("/alerts/").content.decode()

    def test_says_when_no_worker_looks(self, mona: User, sign_in: SignIn) -> None:
        a_rule(mona)
        Rule.objects.update(changed_at=NOON)
        assert "No worker looks at the rules" in sign_in(mona).get("/alerts/").content.decode()

    def test_asks_as_often_for_many_rules_as_for_few(self, mona: User, sign_in: SignIn) -> None:
        browser, counts = sign_in(mona), []
        browser.get("/alerts/")
        for number in range(6):
            a_rule(mona, name=f"Rule {number}", legal_entity=a_legal_entity(f"LE-{number}"))
            if number in (0, 5):
                with CaptureQueriesContext(connection) as asked:
                    browser.get("/alerts/")
                counts.append(len(asked))
        assert counts[0] == counts[1] <= 15


class TestEditor:
    def test_tries_without_writing_and_keeps(self, mona: User, sign_in: SignIn) -> None:
        browser = sign_in(mona)
        tried = browser.post("/alerts/new/", boxes(mona, act="try"))
        assert "Nothing is known of the last 30 days yet" in tried.content.decode()
        assert not Rule.objects.exists()
        kept = browser.post("/alerts/new/", boxes(mona, act="keep"))
        rule = Rule.objects.get()
        assert kept["Location"] == f"/alerts/rules/{rule.pk}/"
        assert (rule.threshold, rule.for_minutes, rule.closes_within) == (5_000_000, 120, 3)
        assert (rule.quiet_from, rule.quiet_until, rule.chat) == (20, 7, False)

    def test_fills_its_boxes_so_that_keeping_them_changes_nothing(
        self, mona: User, sign_in: SignIn
    ) -> None:
        browser = sign_in(mona)
        browser.post("/alerts/new/", boxes(mona, act="keep"))
        before = Rule.objects.values().get()
        form = browser.get(f"/alerts/rules/{before['id']}/edit/").context["form"]
        again = {name: "" if held is None else held for name, held in form.initial.items()}
        again = {name: held for name, held in again.items() if held is not False} | {"act": "keep"}
        browser.post(f"/alerts/rules/{before['id']}/edit/", again)
        assert Rule.objects.values().get() == before

    @pytest.mark.parametrize(
        ("box", "values"),
        [("limit", {"limit": "much"}), ("limit", {"currency": ""}), ("for-minutes",
         {"for_minutes": "soon"}), ("limit", {"limit": "1.234"}), ("name", {"name": ""}),
         ("limit", {"measure": "open_cases", "limit": "4.5"}), ("quiet-until",
         {"quiet_until": ""}), ("limit", {"limit": "9" * 25})],
    )  # fmt: skip
    def test_says_at_the_box_what_is_wrong_and_keeps_what_was_typed(
        self, box: str, values: dict[str, str], mona: User, sign_in: SignIn
    ) -> None:
        answer = sign_in(mona).post("/alerts/new/", boxes(mona, act="keep", **values))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert f'<a href="#{box}">' in page
        assert "<title>Error: " in page

    def test_waits_are_typed_as_people_say_them(self, mona: User, sign_in: SignIn) -> None:
        sign_in(mona).post(
            "/alerts/new/", boxes(mona, act="keep", measure="oldest_case", limit="2 d",
                                  currency="", closes_within=""),
        )  # fmt: skip
        assert Rule.objects.get().threshold == 2_880

    def test_of_somebody_else_meanwhile_is_answered_with_409(
        self, mona: User, ana: User, sign_in: SignIn
    ) -> None:
        rule = a_rule(ana)
        seen = {"seen": "2026-11-01T00:00:00+00:00", "act": "keep"}
        answer = sign_in(mona).post(f"/alerts/rules/{rule.pk}/edit/", boxes(mona) | seen)
        assert answer.status_code == 409
        assert f"{ana.name} changed this rule" in answer.content.decode()

    def test_is_for_auditors_to_try_and_not_to_keep(
        self, mona: User, rae: User, sign_in: SignIn
    ) -> None:
        browser = sign_in(rae)
        assert 'value="keep"' not in browser.get("/alerts/new/").content.decode()
        assert browser.post("/alerts/new/", boxes(mona, act="try")).status_code == 200
        assert browser.post("/alerts/new/", boxes(mona, act="keep")).status_code == 403
        assert not Rule.objects.exists()


class TestRule:
    def test_shows_what_it_did_and_is_turned_off_and_on(self, mona: User, sign_in: SignIn) -> None:
        rule = a_rule(mona)
        blocked()
        watching.look(at=NOON)
        answering.acknowledge(by=mona, alert_id=the_alert().pk)
        Alert.objects.update(fired_at=clock.now() - MINUTE)  # ninety days count from now
        browser, address = sign_in(mona), f"/alerts/rules/{rule.pk}/"
        assert "fired 0" not in browser.get(address).content.decode()
        assert "Taken on" in browser.get(address).content.decode()
        browser.post(f"{address}switch", {"to": "off"})
        assert "It is off, so nobody is told" in browser.get(address).content.decode()
        assert Alert.objects.get().ended_at is not None
        browser.post(f"{address}switch", {"to": "on"})
        assert Rule.objects.get().on
        browser.post(f"{address}switch", {"to": "retired"})
        page = browser.get(address).content.decode()
        assert "stays to be read" in page
        assert 'id="edit"' not in page
        assert browser.post(f"{address}switch", {"to": "on"}).status_code == 409
        assert f'id="retired-{rule.pk}"' in browser.get("/alerts/").content.decode()


class TestAlert:
    def test_leads_to_what_can_be_done_and_takes_a_note(self, mona: User, sign_in: SignIn) -> None:
        us = a_legal_entity("US-INC")
        a_rule(mona, legal_entity=us)
        blocked(legal_entity=us)
        watching.look(at=NOON)
        browser, address = sign_in(mona), f"/alerts/ALT-{the_alert().pk}/"
        page = browser.get(address).content.decode()
        assert 'href="/exceptions/?entity=US-INC"' in page
        browser.post(f"{address}acknowledge", {"note": "I map the tax code."})
        assert "I map the tax code." in browser.get(address).content.decode()

    def test_over_is_refused_in_words(self, mona: User, sign_in: SignIn) -> None:
        rule = a_rule(mona)
        blocked()
        watching.look(at=NOON)
        browser, address = sign_in(mona), f"/alerts/ALT-{the_alert().pk}/"
        browser.post(f"/alerts/rules/{rule.pk}/switch", {"to": "off"})
        answer = browser.post(f"{address}acknowledge")
        assert (answer.status_code, "over by itself" in answer.content.decode()) == (409, True)

    def test_stands_on_the_home_of_who_may_take_it_on(
        self, mona: User, sue: User, sign_in: SignIn
    ) -> None:
        a_rule(mona)
        blocked()
        watching.look(at=NOON)
        link = f"/alerts/ALT-{the_alert().pk}/"
        assert link in sign_in(mona).get("/").content.decode()
        assert link not in sign_in(sue).get("/").content.decode()
