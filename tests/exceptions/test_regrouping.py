"""Causes grouped otherwise by people: split, merged, taken back; later cases find their place."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.authority import OutOfScope
from accounts.models import Assignment, User
from exceptions.models import Case, Regrouping
from exceptions.operations import CaseRefused, regrouping, report, settle
from exceptions.queries.grouping import causes_like, facts_of
from revops.audit.models import Event
from revops.kernel import clock
from tests import factories as make
from tests.conftest import SignIn
from tests.exceptions.kit import a_finding

pytestmark = pytest.mark.django_db

WHY = "Two systems, two owners."


def told(identity: str, answer: str = "A", root: str = "root", **values: object) -> Case:
    finding = a_finding(
        identity, kind="refused", cause_parts=root, cause=f"Refused {root}",
        facts=(("Answer", answer),), **values,
    )  # fmt: skip
    report([finding], at=clock.now())
    return Case.objects.get(fingerprint=finding.fingerprint)


def key_of(identity: str) -> str:
    found = a_finding(identity, kind="refused")
    return str(Case.objects.get(fingerprint=found.fingerprint).cause_key)


class TestSplit:
    def test_gives_each_value_a_cause_and_what_comes_later_finds_its_own(self, ana: User) -> None:
        key = told("one", "A").cause_key
        told("two", "B")
        told("three", "B")
        (fact,) = [one for one in facts_of(key) if one.label == "Answer"]
        assert fact.values == [("B", 2), ("A", 1)]

        assert regrouping.split(cause_key=key, fact=fact.fact, by=ana, reason=WHY) == 2
        assert len({key_of("one"), key_of("two"), key}) == 3
        assert key_of("two") == key_of("three")
        assert Case.objects.get(cause_key=key_of("one")).cause == "Refused root: A"
        assert told("four", "B").cause_key == key_of("two")
        assert told("five", "C").cause_key not in (key, key_of("one"), key_of("two"))
        again = told("one", "A")
        assert (again.occurrences, again.root_key) == (2, key)
        settle(fingerprints=[again.fingerprint], text="Mended.", at=clock.now())
        assert Case.objects.get(pk=again.pk).state == "resolved"

        held = Regrouping.objects.get()
        regrouping.take_back(regrouping_id=held.pk, by=ana, reason="It was one after all.")
        open_ones = Case.objects.exclude(state="resolved")
        assert set(open_ones.values_list("cause_key", "root_key", "cause")) == {
            (key, "", "Refused root")
        }
        assert told("six", "C").cause_key == key
        acts = [one.action for one in Event.objects.order_by("pk") if "cases." in one.action]
        assert acts == ["cases.split", "cases.group_back"]

    def test_is_refused_where_nothing_differs_or_it_is_split_already(self, ana: User) -> None:
        key = told("one").cause_key
        told("two")
        with pytest.raises(CaseRefused, match="do not differ"):
            regrouping.split(cause_key=key, fact="fact:Answer", by=ana, reason=WHY)
        with pytest.raises(CaseRefused, match="Say why"):
            regrouping.split(cause_key=key, fact="entity", by=ana, reason=" ")

    def test_is_for_whoever_works_in_all_its_legal_entities(self, ana: User) -> None:
        Assignment.objects.filter(user=ana).update(legal_entity="DE-GMBH")
        entities = [make.a_legal_entity(code) for code in ("DE-GMBH", "UK-LTD")]
        for one in entities:
            key = told(one.code, legal_entity_id=one.pk).cause_key
        with pytest.raises(OutOfScope):
            regrouping.split(cause_key=key, fact="entity", by=ana, reason=WHY)


class TestMerge:
    def test_brings_two_causes_together_and_chains_are_followed(self, ana: User) -> None:
        keys = [told(root, root=root).cause_key for root in ("a", "b", "c")]
        assert {key for key, _, _ in causes_like(keys[0])} == {keys[1], keys[2]}
        assert regrouping.merge(cause_key=keys[0], into=keys[1], by=ana, reason=WHY) == 1
        assert key_of("a") == keys[1]
        assert Case.objects.get(root_key=keys[0]).cause == "Refused b"
        assert regrouping.merge(cause_key=keys[1], into=keys[2], by=ana, reason=WHY) == 2
        assert key_of("a") == key_of("b") == keys[2]
        assert told("late", root="a").cause_key == keys[2]
        with pytest.raises(CaseRefused, match="grouped otherwise"):
            regrouping.merge(cause_key=keys[2], into=keys[0], by=ana, reason=WHY)
        second = Regrouping.objects.get(from_key=keys[1])
        regrouping.take_back(regrouping_id=second.pk, by=ana, reason="They are two after all.")
        assert key_of("late") == key_of("b") == keys[1]
        assert key_of("c") == keys[2]


class TestThePage:
    def test_splits_says_where_it_went_and_takes_it_back(
        self, sign_in: SignIn, ana: User, rae: User
    ) -> None:
        key = told("one", "A").cause_key
        told("two", "B")
        browser: Client = sign_in(ana)
        address = f"/exceptions/causes/{key}/"
        assert 'id="to-grouping"' in browser.get(address).content.decode()
        assert "Answer: A 1, B 1" in browser.get(f"{address}?grouping=1").content.decode()
        asked = {"act": "split", "fact": "fact:Answer", "reason": WHY}
        assert browser.post(f"{address}regroup/", asked | {"reason": ""}).status_code == 422
        assert browser.post(f"{address}regroup/", asked)["Location"] == address
        page = browser.get(address).content.decode()
        assert "Split by answer" in page
        assert f'href="/exceptions/causes/{key_of("two")}/"' in page
        assert 'id="group-back' not in sign_in(rae).get(address).content.decode()
        closed = sign_in(rae).get(f"{address}?grouping=1").content.decode()
        assert 'id="do-split"' not in closed
        browser = sign_in(ana)
        held = Regrouping.objects.get()
        back = {"act": "back", "id": str(held.pk), "reason": "It was one after all."}
        assert browser.post(f"{address}regroup/", back)["Location"] == address
        assert key_of("two") == key
