from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from revops.web.filters import Filters, Key, State, whole_number

FILTERS = Filters(
    Key("view", default="open", choices={"open": "Open", "mine": "Mine"}, chip=False),
    Key("q", label="Words"),
    Key("status", label="Status", many=True, choices={"open": "Open", "held": "Held"}),
    Key("amount_min", label="At least", accept=whole_number),
    Key("sort", default="-impact", choices={"-impact": "Impact", "age": "Oldest"}, chip=False),
)


def read(query: str) -> State:
    return FILTERS.read(QueryDict(query))


class TestCanonicalAddress:
    @pytest.mark.parametrize(
        ("asked", "canonical"),
        [
            ("status=held&q=tax", "q=tax&status=held"),
            ("view=open&sort=-impact&rows=25", ""),
            ("q=&status=&page=", ""),
            ("status=held&status=open", "status=open&status=held"),
            ("status=open&status=open", "status=open"),
            ("q=++tax+code+", "q=tax+code"),
            ("amount_min=0500", "amount_min=500"),
            ("q=a&q=b", "q=b"),
            ("page=2&after=x&entity=us-inc", "entity=us-inc&page=2&after=x"),
        ],
    )
    def test_is_one_for_each_state(self, asked: str, canonical: str) -> None:
        assert read(asked).query == canonical

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["view", "q", "status", "amount_min", "sort", "page", "x"]),
                st.text(max_size=8),
            )
        )
    )
    def test_reads_back_as_itself(self, pairs: list[tuple[str, str]]) -> None:
        query = QueryDict(mutable=True)
        for name, value in pairs:
            query.appendlist(name, value)
        state = FILTERS.read(query)
        again = read(state.query)
        assert again.query == state.query
        assert again.ignored == ()

    def test_without_any_filter_is_the_bare_path(self) -> None:
        assert read("").address("/exceptions/") == "/exceptions/"
        assert read("q=x").address("/exceptions/") == "/exceptions/?q=x"


class TestReading:
    def test_gives_defaults_and_every_value(self) -> None:
        state = read("status=open&status=held")
        assert state.one("sort") == "-impact"
        assert state.one("q") == ""
        assert state.all("status") == ("open", "held")

    @pytest.mark.parametrize(
        ("asked", "named"),
        [
            ("bogus=1", "bogus"),
            ("status=molten", "status"),
            ("amount_min=-5", "amount_min"),
            ("amount_min=٥", "amount_min"),
            ("q=" + "x" * 201, "q"),
            ("q=%00", "q"),
        ],
    )
    def test_names_what_it_does_not_know_and_goes_on(self, asked: str, named: str) -> None:
        state = read(asked)
        assert named in state.notice
        assert state.query == ""

    def test_keeps_the_good_values_beside_a_bad_one(self) -> None:
        state = read("status=molten&status=held")
        assert state.all("status") == ("held",)
        assert "status" in state.notice

    def test_is_silent_when_all_is_known(self) -> None:
        assert read("q=tax").notice == ""

    def test_takes_choices_that_only_the_moment_knows(self) -> None:
        state = FILTERS.read(QueryDict("q=ana"), choices={"q": {"ana": "Ana Lima"}})
        assert state.chips[0].word == "Ana Lima"

    def test_refuses_to_be_asked_for_a_key_that_is_not_declared(self) -> None:
        with pytest.raises(LookupError, match="no key"):
            read("").one("colour")


class TestChanging:
    def test_starts_again_at_the_first_page(self) -> None:
        assert read("q=tax&page=3").changed({"sort": "age"}).query == "q=tax&sort=age"

    def test_turns_pages_without_losing_the_rest(self) -> None:
        assert read("q=tax&before=b").changed({"after": "a"}).query == "q=tax&after=a"

    def test_drops_a_key_set_to_nothing_or_to_its_default(self) -> None:
        state = read("q=tax&sort=age").changed({"q": None, "sort": "-impact"})
        assert state.query == ""


class TestChips:
    def test_name_each_filter_and_take_off_only_itself(self) -> None:
        chips = read("q=tax&status=open&status=held&sort=age&page=2").chips
        assert [(chip.label, chip.word) for chip in chips] == [
            ("Words", "tax"),
            ("Status", "Open"),
            ("Status", "Held"),
        ]
        assert chips[1].without == "q=tax&status=held&sort=age"

    def test_are_all_off_when_cleared_but_view_and_order_stay(self) -> None:
        state = read("view=mine&q=tax&status=open&sort=age&entity=us-inc")
        assert state.cleared.query == "view=mine&sort=age&entity=us-inc"


class TestForm:
    def test_sends_the_rest_of_the_state_along(self) -> None:
        form = read("view=mine&q=tax&status=open&status=held&entity=us-inc&page=2").form(
            "q", "status"
        )
        assert [(field.name, field.value) for field in form.fields] == [
            ("q", "tax"),
            ("status", "open"),
        ]
        assert form.hidden == [("view", "mine"), ("status", "held"), ("entity", "us-inc")]
