"""What an admin can write: paths, fields, conditions, and what is said of what cannot be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import PayloadUnreadable
from connectors.systems.rest import desk, mapping, paths
from connectors.systems.rest.asked import Problems
from connectors.systems.rest.connector import connector
from connectors.systems.rest.paths import ABSENT
from connectors.systems.rest.spelling import take
from connectors.systems.rest.takes import Scope

THING: Mapping[str, Any] = {
    "id": 7, "name": " Ash ", "odd.name": {"value": "x"}, "nothing": None, "yes": True,
    "at": "2026-11-20T23:30:00Z", "bare": "2026-11-20T23:30:00", "s": 1795600000, "price": "12.5",
    "lines": [{"sku": "a", "n": 2}, {"sku": "b"}, {"sku": "c", "n": 3}], "currency": "usd",
}  # fmt: skip


class TestPaths:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("id", 7), ('"odd.name".value', "x"), ("lines[1].sku", "b"), ("lines[].n", [2, 3]),
            ("lines[]", THING["lines"]), ("nothing", ABSENT), ("lines[9].sku", ABSENT),
            ("name.first", ABSENT), ("id[0]", ABSENT), ("id[].x", []), ("$.id", 7), (".", THING),
        ],
    )  # fmt: skip
    def test_lead_to_what_stands_there_or_to_nothing(self, text: str, found: Any) -> None:
        assert paths.parse(text).read(THING, THING) == found

    @pytest.mark.parametrize(
        "text",
        ["", "a..b", ".a", "a.", "a[", "a[b]", "a[-1]", "a.[0]", "a b", "{a}", "$a", '"a',
         "a" * 201, ".".join("a" * 17), "__class__()", "a[99999]"],
    )  # fmt: skip
    def test_that_cannot_be_read_are_refused(self, text: str) -> None:
        if text == "__class__()":  # a name like any other: nothing is called
            assert paths.parse(text).read(THING) is ABSENT
            return
        with pytest.raises(paths.PathInvalid):
            paths.parse(text)


def made(raw: Any, *, zone: str = "UTC") -> Any:
    problems = Problems()
    found = take(raw, "field", problems)
    assert found is not None, problems
    return found.make(Scope(THING, THING, zone), "field")


class TestFields:
    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            ("name", "Ash"),
            ("id", "7"),
            ({"path": "nothing", "otherwise": ""}, ""),
            ({"path": "nothing"}, ABSENT),
            ({"value": None}, None),
            ({"path": "price", "as": "minor", "currency": "currency"}, 1250),
            (
                {"path": "price", "as": "minor", "currency": {"value": "KWD"}, "negate": True},
                -12500,
            ),
            ({"path": "id", "as": "major", "currency": "currency"}, "0.07"),
            ({"path": "price", "as": "decimal"}, "12.5"),
            ({"path": "price", "as": "number", "negate": True}, Decimal("-12.5")),
            ({"path": "yes", "as": "flag"}, True),
            ({"path": "name", "map": {"Ash": "tree"}}, "tree"),
            ({"path": "id", "map": {"8": "x"}, "otherwise": "other"}, "other"),
            ({"path": "lines[].n", "as": "integer", "of": "sum"}, 5),
            ({"path": "lines[].sku", "of": "join"}, "a, b, c"),
            ({"path": "lines[].n", "of": "count"}, 2),
            ({"path": "lines[].sku", "of": "last"}, "c"),
            ({"path": "s", "as": "instant", "time": "epoch_s"}, "2026-11-25T09:46:40+00:00"),
            ({"path": "bare", "as": "instant", "time": "utc"}, "2026-11-20T23:30:00+00:00"),
            (
                {
                    "each": "lines",
                    "when": [{"path": "n", "there": True}],
                    "fields": {"sku": "sku", "currency": "$.currency"},
                },
                [{"sku": "a", "currency": "usd"}, {"sku": "c", "currency": "usd"}],
            ),
        ],
    )
    def test_become_what_is_written(self, raw: Any, expected: Any) -> None:
        assert made(raw) == expected

    def test_a_day_is_one_in_the_zone_of_the_books(self) -> None:
        late = {"path": "at", "as": "day"}
        assert made(late, zone="America/New_York") == "2026-11-20"
        assert made(late, zone="Europe/Berlin") == "2026-11-21"
        assert made({**late, "plus_days": -1}, zone="Europe/Berlin") == "2026-11-20"

    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            ({"path": "price", "as": "minor", "currency": {"value": "JPY"}}, "0 decimal places"),
            ({"path": "price", "as": "minor", "currency": "name"}, "currency is unknown"),
            ({"path": "price", "as": "integer"}, "no whole number"),
            ({"path": "name", "as": "decimal"}, "no number"),
            ({"path": "bare", "as": "day"}, "without its offset"),
            ({"path": "yes"}, "no text"),
            ({"path": "name", "map": {"Oak": "x"}}, "which the map does not name"),
            ({"each": "name", "fields": {"a": "b"}}, "no list"),
        ],
    )
    def test_that_do_not_fit_are_told_with_their_path(self, raw: Any, words: str) -> None:
        path = raw.get("path") or raw["each"]
        with pytest.raises(PayloadUnreadable, match=words) as told:
            made(raw)
        assert f"“{path}”" in str(told.value)
        assert "field" in str(told.value)


def wrong(**changes: Any) -> str:
    """What is said of the help desk's mapping with its second kind changed."""
    value = json.loads(desk.example("desk.mapping"))
    value["kinds"][1].update(changes)
    kinds, problems = mapping.read(json.dumps(value), frozenset(connector.manifest.emits))
    assert not kinds
    return " ".join(problems)


def rule(fields: Any, contract: str = "health.changed/1") -> list[dict[str, Any]]:
    return [{"contract": contract, "fields": fields}]


FULL = {"customer_id": "id", "score": "score", "band": "band", "measured_on": "on"}


class TestAMappingThatCannotBeUsed:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"colour": 1}, "kinds[1]: “colour” is not known"),
            ({"id": "a..b"}, "kinds[1].id: “a..b” is no path"),
            ({"id": "a[].b"}, "leads to several things"),
            ({"at": {"path": "x", "as": "day"}}, "kinds[1].at: this has to be a path"),
            ({"list": None, "webhook": None}, "“list” or “webhook” has to say how it comes"),
            ({"webhook": {"thin": True}}, "kinds[1].webhook: “version” is missing"),
            ({"list": {"path": "//evil.example"}}, "begins with one slash"),
            ({"list": {"path": "/a/../b"}}, "begins with one slash"),
            ({"object": {"path": "/a/{name}"}}, "here it may be {id}"),
            ({"list": {"path": "/a", "pages": {"by": "magic"}}}, "kinds[1].list.pages.by"),
            ({"events": []}, "kinds[1].events: this has to be a list"),
            ({"events": rule(FULL, "usage.recorded/1")}, "“usage.recorded/1” cannot be told"),
            ({"events": rule(FULL, "journal.posted/1")}, "cannot be told"),
            ({"events": rule({**FULL, "mood": "x"})}, "“mood” is no field here"),
            ({"events": rule({"customer_id": "id"})}, "is missing: score, band, measured_on"),
            ({"events": rule({**FULL, "score": {"path": "s", "as": "magic"}})}, "is none of text"),
            ({"events": rule({**FULL, "score": {"path": "s", "as": "minor"}})}, "“currency”"),
            ({"events": rule({**FULL, "score": {"path": "a[].b"}})}, "“of”"),
            ({"events": rule({**FULL, "score": {"fields": {"a": "b"}}})}, "this is one value"),
            ({"events": rule({**FULL, "score": 1})}, "this has to be an object"),
            ({"kind": "company"}, "there are two kinds called “company”"),
        ],
    )
    def test_is_told_with_its_place(self, changes: Mapping[str, Any], words: str) -> None:
        assert words in wrong(**changes)

    @pytest.mark.parametrize(
        "text", ["{", "[]", '{"kinds": []}', '{"a": 1}', "x" * 70_000, "null", '{"kinds": [1]}']
    )
    def test_is_told_whatever_was_typed(self, text: str) -> None:
        kinds, problems = mapping.read(text, frozenset())
        assert not kinds
        assert problems
        assert all(one.endswith(".") for one in problems), problems


class TestAConnectionIsRefused:
    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"mapping": "", "messages": "", "events": ""}, "mapping", "neither reads nor sends"),
            ({"events": "entitlement.*, invoice.paid"}, "events", "No message is for invoice.paid"),
            ({"events": "moon.landed"}, "events", "There is no event"),
            ({"events": ""}, "events", "Name the events"),
            ({"proof_header": "x y"}, "proof_header", "letters, digits"),
            ({"key_header": "Host"}, "key_header", "none of"),
            ({"first_days": 0}, "first_days", "1 to 3650"),
            ({"messages": '{"messages": [], "if_unsure": "ask"}'}, "messages", "find"),
        ],
    )
    def test_with_a_sentence_for_the_field(
        self, changes: Mapping[str, Any], field: str, words: str
    ) -> None:
        told = connector.check({**desk.parameters("desk"), **changes})
        assert any(one.parameter == field and words in one.words for one in told), told

    @pytest.mark.parametrize("name", ["desk", "plans"])
    def test_but_not_when_it_is_a_worked_example(self, name: str) -> None:
        assert connector.check(desk.parameters(name)) == []
