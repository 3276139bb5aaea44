"""Rules are made and changed by who may, each change is an act, and nonsense is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts.authority import NotAllowed, OutOfScope
from accounts.models import Assignment, User
from revops.alerts.models import Rule
from revops.alerts.operations import answering, rules, watching
from revops.alerts.operations.answering import AlertOver
from revops.alerts.operations.rules import RuleChanged, RuleRefused, problems
from revops.alerts.queries import listing
from revops.audit.models import Event
from revops.store import rows
from tests.alerts.kit import NOON, a_draft, a_rule, blocked, the_alert, watch
from tests.factories import a_legal_entity

pytestmark = pytest.mark.django_db


class TestMaking:
    def test_is_an_act_with_what_it_says(self, mona: User) -> None:
        rule = a_rule(mona)
        act = Event.objects.get(action="alerts.rule_made")
        assert (act.reference, '"threshold":10000' in (act.detail or "")) == (
            f"rule-{rule.pk}", True,
        )  # fmt: skip

    def test_is_for_finance_and_revops(self, sue: User, rae: User) -> None:
        for person in (sue, rae):
            with pytest.raises(NotAllowed):
                rules.make(by=person, draft=a_draft(person))

    def test_one_of_all_is_not_for_somebody_of_one_legal_entity(self, ana: User) -> None:
        uk = a_legal_entity("UK-LTD")
        Assignment.objects.filter(user=ana).update(legal_entity="UK-LTD")
        with pytest.raises(OutOfScope):
            a_rule(ana)
        assert a_rule(ana, legal_entity=uk).legal_entity == uk

    @pytest.mark.parametrize(
        ("box", "values"),
        [("name", {"name": " "}), ("measure", {"measure": "mood"}), ("currency", {"currency": ""}),
         ("currency", {"measure": "open_cases"}), ("threshold", {"threshold": -1}),
         ("closes_within", {"measure": "oldest_case", "currency": "", "closes_within": 3}),
         ("for_minutes", {"for_minutes": 99_999}), ("escalate_after", {"escalate_after": 5}),
         ("quiet_until", {"quiet_from": 5}), ("quiet_until", {"quiet_from": 5, "quiet_until": 5})],
    )  # fmt: skip
    def test_refuses_what_makes_no_sense(
        self, box: str, values: dict[str, Any], mona: User
    ) -> None:
        assert list(problems(a_draft(mona, **values))) == [box]

    def test_refuses_who_may_not_see_it(self, mona: User, sue: User) -> None:
        assert list(problems(a_draft(sue))) == ["owner"]
        same = a_draft(mona, escalate_to=mona, escalate_after=5)
        assert list(problems(same)) == ["escalate_to"]
        assert list(problems(replace(same, escalate_to=sue))) == ["escalate_to"]

    def test_refuses_a_name_that_is_taken_but_not_its_own(self, mona: User) -> None:
        rule = a_rule(mona)
        assert list(problems(a_draft(mona))) == ["name"]
        assert problems(a_draft(mona), number=rule.pk) == {}

    def test_knows_no_name_of_a_legal_entity_that_one_does_not_see(
        self, mona: User, ana: User
    ) -> None:
        us, uk = a_legal_entity("US-INC"), a_legal_entity("UK-LTD")
        a_rule(mona, legal_entity=us)
        Assignment.objects.filter(user=ana).update(legal_entity="UK-LTD")
        with rows.within(["UK-LTD"]):
            assert a_rule(ana, legal_entity=uk).name == "US money"
            assert [rule.legal_entity_id for rule in Rule.objects.all()] == [uk.pk]


class TestChanging:
    def test_begins_anew_and_says_before_and_after(self, mona: User) -> None:
        rule = a_rule(mona)
        blocked()
        watching.look(at=NOON)
        alert = the_alert()
        rules.change(by=mona, number=rule.pk, draft=a_draft(mona, threshold=50_000))
        alert.refresh_from_db()
        assert alert.why_ended == "The rule was changed."
        assert Rule.objects.get().since is None
        assert Event.objects.filter(action="alerts.rule_changed").count() == 1

    def test_by_two_at_once_is_noticed(self, mona: User, ana: User) -> None:
        rule = a_rule(mona)
        rules.change(by=ana, number=rule.pk, draft=a_draft(mona, threshold=1))
        with pytest.raises(RuleChanged, match=f"^{ana.name} changed"):
            rules.change(
                by=mona, number=rule.pk, draft=a_draft(mona, threshold=2), seen=rule.changed_at
            )

    def test_nothing_is_no_act(self, mona: User) -> None:
        rule = a_rule(mona)
        rules.change(by=mona, number=rule.pk, draft=a_draft(mona))
        rules.switch(by=mona, number=rule.pk, on=True)
        assert set(Event.objects.values_list("action", flat=True)) == {"alerts.rule_made"}

    def test_raises_for_a_form_that_no_longer_fits(self, mona: User) -> None:
        rule = a_rule(mona)
        with pytest.raises(RuleRefused):
            rules.change(by=mona, number=rule.pk, draft=a_draft(mona, name=""))


class TestAcknowledging:
    def test_is_an_act_of_the_first_who_does(self, mona: User, ana: User) -> None:
        a_rule(mona)
        blocked()
        watching.look(at=NOON)
        for person in (ana, mona):
            taken = answering.acknowledge(by=person, alert_id=the_alert().pk, note=person.name)
            assert taken.acknowledged_by == ana
        assert the_alert().note == ana.name
        assert Event.objects.filter(action="alerts.acknowledge").count() == 1

    def test_of_what_is_over_is_refused_in_words(self, mona: User) -> None:
        rule = a_rule(mona)
        blocked()
        watching.look(at=NOON)
        alert = the_alert()
        rules.switch(by=mona, number=rule.pk, on=False)
        with pytest.raises(AlertOver, match="over by itself"):
            answering.acknowledge(by=mona, alert_id=alert.pk)


class TestRetiring:
    def test_is_for_good_keeps_the_history_and_frees_the_name(self, mona: User) -> None:
        rule = a_rule(mona)
        blocked()
        watch(minutes=1)
        rules.retire(by=mona, number=rule.pk)
        rules.retire(by=mona, number=rule.pk)
        rule.refresh_from_db()
        assert (rule.on, rule.retired_at is not None) == (False, True)
        assert rule.alerts.get().why_ended == "The rule was retired."
        assert Event.objects.filter(action="alerts.rule_retired").count() == 1
        with pytest.raises(RuleChanged, match="retired"):
            rules.switch(by=mona, number=rule.pk, on=True)
        again = a_rule(mona)
        assert [line.rule for line in listing.lines()] == [again]
        assert listing.retired() == [rule]
