from __future__ import annotations

from decimal import Decimal

from connectors.shapes import Change, Difference, Known, compare, mask, same_form, shape

ONE = {"id": "in_1", "total": 100, "paid": True, "due": None, "lines": [{"amount": 5}]}
TWO = {"id": "in_2", "total": Decimal("1.5"), "paid": False, "lines": [], "note": "x"}
KNOWN = Known.of([ONE, TWO])


class TestShape:
    def test_names_members_and_items_with_their_types(self) -> None:
        assert shape(ONE) == {
            "id": frozenset({"text"}),
            "total": frozenset({"number"}),
            "paid": frozenset({"yes or no"}),
            "due": frozenset(),
            "lines": frozenset({"list"}),
            "lines[]": frozenset({"object"}),
            "lines[].amount": frozenset({"number"}),
        }

    def test_does_not_look_into_what_people_name(self) -> None:
        assert set(shape({"metadata": {"anything": {"at": 1}}})) == {"metadata"}

    def test_is_bounded(self) -> None:
        deep: dict[str, object] = {}
        for _ in range(1000):
            deep = {"a": deep}
        assert len(shape(deep)) < 20
        assert len(shape({str(number): number for number in range(10_000)})) == 600


class TestDifferences:
    def test_are_none_in_what_is_known(self) -> None:
        assert compare(ONE, KNOWN) == compare(TWO, KNOWN) == []

    def test_tell_what_appeared_is_missing_or_is_of_another_type(self) -> None:
        came = {"id": 7, "total": 100, "lines": [], "owner": {"name": "Ann"}}
        assert compare(came, KNOWN) == [
            Difference("id", Change.RETYPED, "text", "number", "9"),
            Difference("owner", Change.APPEARED, "", "object", "1 members"),
            Difference("paid", Change.MISSING, "yes or no"),
        ]

    def test_null_is_no_other_type(self) -> None:
        assert compare({**ONE, "total": None, "due": "2026-01-01"}, KNOWN) == []

    def test_nothing_is_missing_from_what_is_not_there(self) -> None:
        known = Known.of([{"a": {"b": 1}}, {"a": {"b": 2}}])
        assert [one.path for one in compare({"a": None}, known)] == []
        assert [one.path for one in compare({"a": {}}, known)] == ["a.b"]

    def test_a_number_may_come_as_its_text(self) -> None:
        assert compare({**ONE, "total": "12.50"}, KNOWN) == []
        assert [one.seen for one in compare({**ONE, "total": "twelve"}, KNOWN)] == ["text"]

    def test_another_form_of_the_object_is_none(self) -> None:
        assert same_form({**ONE, "new": 1}, KNOWN)
        assert not same_form({"event": {}, "subject": "invoice", "id": "in_1"}, KNOWN)
        assert not same_form([ONE], KNOWN)

    def test_a_field_that_people_added_is_none_unless_it_is_known(self) -> None:
        more = {"ERP_ID__c": "x", "cf_region": 1, "Likely__gc": 5, "owner": {"Region__c": "y"}}
        assert [one.path for one in compare({**ONE, **more}, KNOWN)] == ["owner"]
        known = Known.of([{"a": 1, "Score__c": 5}])
        assert [one.change for one in compare({"a": 1, "Score__c": "high"}, known)] == [
            Change.RETYPED
        ]

    def test_one_example_says_nothing_of_what_may_be_left_out(self) -> None:
        assert compare({}, Known.of([ONE])) == []


class TestMask:
    def test_shows_the_look_and_not_the_words(self) -> None:
        assert mask("Ann Lee, +49 30 1") == "xxx xxx, +99 99 9"
        assert mask("a\x00b" * 40) == "x x" * 20 + "…"
        assert mask({"a": 1}) == "1 members"
        assert mask(None) == mask(True) == ""
