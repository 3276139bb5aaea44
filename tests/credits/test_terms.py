"""Promises and rules: another version by somebody else's yes, tried on what happened before."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from accounts.queries import NotAllowed
from approvals import operations as approvals
from approvals import subjects
from approvals.models import ApprovalRequest
from approvals.operations import ApprovalRefused
from revops.audit.models import Event
from revops.credits import terms
from revops.credits.models import Promise, Rule, ServiceCredit
from revops.credits.operations import terms as operations
from revops.credits.operations.terms import TermsWrong
from revops.credits.queries.trial import trial
from revops.credits.tasks import turn
from revops.kernel import clock
from tests import factories as make
from tests.conftest import SignIn
from tests.credits.desk import Desk


def a_promise(desk: Desk, **more: Any) -> dict[str, Any]:
    """Two tenths instead of one, from today on."""
    given = {
        "label": "Even plan", "plan": "even", "promise": "availability", "severity": "",
        "target": "99.95 % a month", "gives": 2_000, "most": 3_000,
    }  # fmt: skip
    return {
        "what": "promise", "entity": "", "starts": desk.today.isoformat(), "end": False,
        "note": "Agreed with the board in May.", "terms": given | more,
    }  # fmt: skip


def a_rule(desk: Desk, **more: Any) -> dict[str, Any]:
    given = {
        "name": "Severity 1 over SLA", "on": "breached", "severities": ["1", "2"], "promise": "",
        "reason_code": "uptime", "sends": False, "keeps_days": 30,
    }  # fmt: skip
    return a_promise(desk) | {"what": "rule", "terms": given | more}


def agree(desk: Desk, content: dict[str, Any]) -> None:
    asked = operations.propose(by=desk.ana, content=content)
    subject = subjects.get(operations.TERMS)
    assert subject.title(content)
    assert len(subject.describe(content)) >= 5
    assert len(subject.consequences(content).sentences) == 2
    approvals.decide(request_id=asked.pk, verdict="approve", by=desk.mona, seen=asked.sha256,
                     proof=_Proof())  # fmt: skip


class _Proof:
    """Nobody made a policy here, so that the strictest asks for the password."""

    def holds(self, *_: object) -> bool:
        return True


class TestChange:
    def test_counts_from_its_day_on_and_the_version_before_stays_readable(self, desk: Desk) -> None:
        desk.promised()
        agree(desk, a_promise(desk))

        old, new = Promise.objects.order_by("number")
        assert (old.gives, old.valid.upper) == (1_000, desk.today)
        assert (new.gives, new.number, new.valid.lower) == (2_000, 2, desk.today)
        assert (new.made_by, new.note) == (desk.ana.name, "Agreed with the board in May.")
        assert Event.objects.filter(action="credits.promise.made").count() == 2

    def test_ends_what_counts(self, desk: Desk) -> None:
        desk.ruled()
        agree(desk, a_rule(desk) | {"end": True})
        assert Rule.objects.get().valid.upper == desk.today
        desk.year()
        desk.promised()
        desk.case()
        turn()
        assert not ServiceCredit.objects.exists()

    def test_is_asked_for_once_and_decided_by_somebody_else(self, desk: Desk) -> None:
        desk.promised()
        asked = operations.propose(by=desk.mona, content=a_promise(desk))
        with pytest.raises((NotAllowed, ApprovalRefused)):
            approvals.decide(
                request_id=asked.pk, verdict="approve", by=desk.mona, seen=asked.sha256
            )
        with pytest.raises(ApprovalRefused):
            operations.propose(by=desk.ana, content=a_promise(desk, gives=3_000))
        with pytest.raises(NotAllowed):
            operations.propose(by=desk.sue, content=a_promise(desk))
        assert Promise.objects.get().gives == 1_000

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            ({"note": ""}, "note"), ({"starts": ""}, "starts"),
            ({"starts": "2025-01-01"}, "starts"), ({"terms": {"gives": 0}}, "gives"),
            ({"terms": {"plan": ""}}, "plan"),
        ],
    )  # fmt: skip
    def test_says_what_is_wrong_field_by_field(
        self, desk: Desk, content: dict[str, Any], field: str
    ) -> None:
        whole = a_promise(desk, **content.get("terms", {}))
        wrong = terms.problems(
            whole | {key: value for key, value in content.items() if key != "terms"},
            today=desk.today,
        )  # fmt: skip
        assert list(wrong) == [field]

    def test_begins_no_earlier_than_today_where_it_counts(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At two in the morning in UTC it is the evening before in New York."""
        day = desk.today + timedelta(days=3)
        monkeypatch.setattr(clock, "now", lambda: datetime.combine(day, time(2), UTC))
        there = day - timedelta(days=1)
        code, desk.entity.zone = desk.entity.code, "America/New_York"
        desk.entity.save()

        def asked(entity: str, starts: date) -> ApprovalRequest:
            content = a_promise(desk) | {"entity": entity, "starts": starts.isoformat()}
            return operations.propose(by=desk.ana, content=content)

        with pytest.raises(TermsWrong):
            asked(code, there - timedelta(days=1))
        assert asked(code, there).state == "waiting"
        # Of all legal entities, where the day began first.
        make.a_legal_entity("DE", zone="Europe/Berlin")
        with pytest.raises(TermsWrong):
            asked("", there)

    def test_does_not_cross_a_version_that_begins_later(self, desk: Desk) -> None:
        desk.promised(since=desk.today + timedelta(days=5))
        with pytest.raises(TermsWrong, match="begins on"):
            operations.propose(by=desk.ana, content=a_promise(desk))

    @pytest.mark.parametrize(
        ("text", "share"), [("10", 1_000), ("12,5 %", 1_250), ("0.01", 1), ("101", None),
                            ("-1", None), ("ten", None), ("0.001", None), ("NaN", None)],
    )  # fmt: skip
    def test_reads_shares_as_people_write_them(self, text: str, share: int | None) -> None:
        assert terms.share(text) == share


class TestTrial:
    def test_of_a_promise_says_who_would_have_got_how_much(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.case()
        desk.case("ZD-2", promise="first_response")

        found = trial(a_promise(desk), today=desk.today)

        (row,) = found.rows
        assert row.case.source_id == "ZD-1"
        # A tenth of the fee of the month in which it happened, and now two: each is rounded once.
        day = row.case.breached_on
        assert day is not None
        in_year = 366 if calendar.isleap(day.year) else 365
        fee = (2 * 1_200_000 * calendar.monthrange(day.year, day.month)[1] + in_year) // (
            2 * in_year
        )
        assert (row.before.minor, row.after.minor) == ((fee + 5) // 10, (2 * fee + 5) // 10)
        assert found.looked == 2
        assert "1 would get another" in found.sentence

    def test_of_a_rule_counts_the_cases_that_it_would_mean(self, desk: Desk) -> None:
        desk.year()
        desk.promised()
        desk.ruled()
        desk.case()
        desk.case("ZD-2", severity="2")
        desk.case("ZD-3", severity="4")

        found = trial(a_rule(desk), today=desk.today)

        seen = {row.case.source_id: (bool(row.before), bool(row.after)) for row in found.rows}
        assert seen == {"ZD-1": (True, True), "ZD-2": (False, True)}
        assert not ServiceCredit.objects.exists()


class TestPages:
    def test_are_tried_and_sent_from_the_form(self, desk: Desk, sign_in: SignIn) -> None:
        desk.year()
        desk.promised()
        desk.case()
        browser = sign_in(desk.ana)
        where = f"/credits/terms/edit/?what=promise&of={Promise.objects.get().pk}"
        assert 'value="99.9 % a month"' in browser.get(where).content.decode()
        typed = {
            "label": "Even plan", "plan": "even", "promise": "availability", "gives": "20",
            "target": "99.95 %", "most": "30", "starts": desk.today.isoformat(),
            "note": "Agreed with the board.",
        }  # fmt: skip

        tried = browser.post(where, typed | {"act": "try"}).content.decode()
        assert "1 would get another" in tried
        assert not ApprovalRequest.objects.exists()
        wrong = browser.post(where, typed | {"gives": "", "act": "send"})
        assert wrong.status_code == 422
        assert 'href="#gives"' in wrong.content.decode()
        browser.post(where, typed | {"act": "send"})

        asked = ApprovalRequest.objects.get(subject=operations.TERMS)
        assert str(asked) in browser.get("/credits/terms/").content.decode()
        row = Promise.objects.get()
        assert "Version 1" in browser.get(f"/credits/terms/promise/{row.pk}/").content.decode()


class TestFiles:
    def test_hold_the_requests_of_the_filter_alone(self, desk: Desk, sign_in: SignIn) -> None:
        desk.year()
        desk.promised()
        credit = desk.ask(case_id=desk.case().pk)
        browser = sign_in(desk.ana)
        text = b"".join(browser.post("/credits/credits.csv?state=waiting")).decode()
        assert credit.number in text
        assert "90.00" in text
        text = b"".join(browser.post("/credits/credits.csv?state=ended")).decode()
        assert credit.number not in text
        text = b"".join(browser.post("/credits/leakage/leakage.csv")).decode()
        assert "Waiting for approval" in text
        assert Event.objects.filter(action="export").count() == 3
