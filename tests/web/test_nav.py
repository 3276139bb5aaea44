from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpRequest

from accounts.roles import Role
from revops.web import nav
from revops.web.scope import Scope
from tests.web.conftest import a_person

Get = Callable[..., HttpRequest]


def labels(request: HttpRequest) -> list[str]:
    return [entry.label for _, entries in nav.rail(request) for entry in entries]


class TestRail:
    def test_leaves_out_what_a_person_may_not_use(self, get: Get) -> None:
        assert labels(get("/")) == ["Home", "Causes"]
        assert labels(get("/", user=a_person(Role.SUPPORT))) == ["Home"]
        assert labels(get("/", user=a_person())) == []

    def test_marks_the_item_whose_page_or_part_is_shown(self, get: Get) -> None:
        def current(address: str) -> list[str]:
            rail = nav.rail(get(address))
            return [entry.label for _, entries in rail for entry in entries if entry.current]

        assert current("/") == ["Home"]
        assert current("/causes/") == ["Causes"]
        assert current("/causes/7/?q=x") == ["Causes"]
        assert current("/causeway/") == []

    def test_keeps_its_groups_in_order_whoever_declares_first(self, get: Get) -> None:
        nav.declare(
            nav.Item("Audit trail", "dialog", "home.view", group=nav.EVIDENCE, order=1),
            nav.Item("Lineage", "refused", "home.view", group=nav.WATCH, order=1),
        )
        assert [group for group, _ in nav.rail(get("/"))] == ["Work", "Watch", "Evidence"]

    def test_counts_only_what_is_more_than_nothing(self, get: Get) -> None:
        [(_, [home, causes])] = nav.rail(get("/"))
        assert (home.count, home.tone) == ("", "")
        assert (causes.count, causes.tone) == ("213", "crit")

    def test_does_not_count_for_those_who_do_not_see_the_item(self, get: Get) -> None:
        def never(request: HttpRequest) -> tuple[int, str]:
            raise AssertionError("counted for somebody who may not see it")

        nav.declare(
            nav.Item("Causes", "causes", "cases.view", group=nav.WORK, order=20, count=never)
        )
        assert labels(get("/", user=a_person(Role.SUPPORT))) == ["Home"]


class TestDeclaring:
    def test_refuses_a_letter_that_is_taken(self) -> None:
        with pytest.raises(nav.KeyTaken, match="g e"):
            nav.declare(
                nav.Item("Events", "dialog", "home.view", group=nav.WATCH, order=1, key="e")
            )

    def test_refuses_a_group_that_the_rail_does_not_have(self) -> None:
        with pytest.raises(ValueError, match="no group"):
            nav.declare(nav.Item("Odd", "dialog", "home.view", group="Odd", order=1))

    def test_twice_is_once(self, get: Get) -> None:
        for _ in range(2):
            nav.declare(nav.Item("Start", "home", "home.view", group=nav.WORK, order=10, key="h"))
        assert labels(get("/")) == ["Start", "Causes"]


class TestScope:
    def test_offers_what_is_declared_and_shows_what_is_chosen(self, get: Get) -> None:
        entity, period = Scope(get("/?entity=uk-ltd&period=1999-01")).switches
        assert (entity.chosen, list(entity.choices)) == ("uk-ltd", ["us-inc", "uk-ltd"])
        assert period.chosen == ""

    def test_goes_along_in_the_links_of_the_rail(self, get: Get) -> None:
        assert Scope(get("/causes/?q=x&entity=us-inc")).query == "?entity=us-inc"
        assert Scope(get("/causes/?entity=elsewhere")).query == ""

    def test_keeps_the_rest_of_the_address_but_not_the_place_in_a_list(self, get: Get) -> None:
        kept = Scope(get("/causes/?q=x&status=a&status=b&page=3&entity=us-inc")).kept
        assert kept == [("q", "x"), ("status", "a"), ("status", "b")]
