"""Only owners change values, and nothing goes round in circles."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from revops.canonical.operations.ownership import Rule, Said, at_stake, rule_on, same, total_items

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
SYSTEMS = (1, 2, 3, 4)


def said(connection: int, value: str, *, since: int = 0, at: int = 0) -> Said:
    moment = DAWN + timedelta(minutes=at)
    return Said(
        connection, f"s{connection}", json.dumps(value), DAWN + timedelta(minutes=since), moment
    )


class TestRuleOn:
    def test_takes_the_owners_word_and_tells_those_who_differ(self) -> None:
        ruling = rule_on("name", [said(1, "Acme"), said(2, "ACME Ltd")], Rule(1), '"Old"')

        assert (ruling.value, ruling.owned) == ('"Acme"', True)
        assert [one.connection_id for one in ruling.drifts] == [2]
        assert ruling.tell == {2}

    def test_tells_nobody_when_the_owner_said_nothing_new(self) -> None:
        ruling = rule_on("name", [said(1, "Acme"), said(2, "Other")], Rule(1), '"Acme"')

        assert not ruling.tell
        assert [one.connection_id for one in ruling.drifts] == [2]

    def test_lets_the_first_stand_in_for_a_silent_owner_and_tells_nobody(self) -> None:
        ruling = rule_on("name", [said(2, "Second", since=5), said(3, "First")], Rule(1), "")

        assert (ruling.value, ruling.owned, ruling.tell) == ('"First"', False, frozenset())

    def test_makes_the_first_that_told_the_owner_where_there_is_no_rule(self) -> None:
        ruling = rule_on("name", [said(2, "Later", since=5), said(3, "First")], None, "")

        assert (ruling.owner_id, ruling.value) == (3, '"First"')

    def test_lets_no_system_change_what_the_console_owns(self) -> None:
        ruling = rule_on("name", [said(1, "Theirs")], Rule(None), '"Ours"')

        assert (ruling.value, ruling.tell) == ('"Ours"', frozenset())
        assert ruling.drifts[0].value == '"Theirs"'

    def test_takes_an_empty_word_for_silence(self) -> None:
        ruling = rule_on("tax_id", [said(1, ""), said(2, "DE1")], Rule(1), '"DE1"')

        assert (ruling.value, ruling.owned) == ('"DE1"', False)


class TestSame:
    def test_does_not_mind_spelling(self) -> None:
        assert same("tax_id", '"DE 123.456"', '"de123456"')
        assert same("name", '"Acme  Ltd"', '"ACME Ltd"')
        assert not same("name", '"Acme"', '"Acme Ltd"')

    def test_compares_items_by_sku_and_minds_only_prices_that_are_said(self) -> None:
        one = '[{"sku": "seat", "quantity": 10, "unit_amount": 900}]'
        split = '[{"sku": "seat", "quantity": 4}, {"sku": "seat", "quantity": 6}]'
        dear = '[{"sku": "seat", "quantity": 10, "unit_amount": 950}]'

        assert same("items", one, split)
        assert not same("items", one, dear)
        assert total_items([split, one]) == ('[{"quantity":20,"sku":"seat","unit_amount":900}]')

    def test_weighs_how_far_items_are_apart(self) -> None:
        one = '[{"sku": "seat", "quantity": 10, "unit_amount": 900}]'
        more = '[{"sku": "seat", "quantity": 12, "unit_amount": 900}]'

        assert at_stake(one, more) == 1_800
        assert at_stake("[]", '[{"sku": "seat", "quantity": 1}]') is None


@dataclass
class World:
    """
    Systems that write back whatever they are told, each in its own spelling, and the console's one
    value, settled by the production function after every event.
    """

    rule: Rule | None
    mangles: dict[int, bool]
    value: str = ""
    clock: int = 0
    claims: dict[int, Said] = field(default_factory=dict)
    events: deque[tuple[int, str]] = field(default_factory=deque)
    steps: int = 0

    def write(self, system: int, value: str) -> None:
        self.events.append((system, value))

    def run(self, most: int) -> None:
        while self.events:
            self.steps += 1
            assert self.steps <= most, "It goes round in circles."
            system, value = self.events.popleft()
            self.clock += 1
            now = DAWN + timedelta(minutes=self.clock)
            known = self.claims.get(system)
            self.claims[system] = (
                replace(known, value=json.dumps(value), at=now)
                if known
                else Said(system, f"s{system}", json.dumps(value), now, now)
            )
            ruling = rule_on("region", self.claims.values(), self.rule, self.value)
            if ruling.owner_id != system:
                assert not ruling.tell, "Somebody was told because of a system that owns nothing."
            assert ruling.owner_id not in ruling.tell
            self.value = ruling.value
            for told in ruling.tell:
                heard = json.loads(ruling.value)
                self.write(told, f"{heard}~" if self.mangles[told] else heard)


WRITES = st.lists(st.tuples(st.sampled_from(SYSTEMS), st.sampled_from("abc")), max_size=12)
RULES = st.one_of(st.none(), st.builds(Rule, st.sampled_from((None, *SYSTEMS))))


class TestEchoes:
    @settings(max_examples=400, deadline=None)
    @given(
        writes=WRITES,
        rule=RULES,
        mangles=st.fixed_dictionaries(dict.fromkeys(SYSTEMS, st.booleans())),
        together=st.booleans(),
    )
    def test_end_in_bounded_steps_with_the_owners_value(
        self,
        writes: list[tuple[int, str]],
        rule: Rule | None,
        mangles: dict[int, bool],
        together: bool,
    ) -> None:
        world = World(rule, mangles)
        most = len(writes) * len(SYSTEMS) + 1
        for system, value in writes:
            world.write(system, value)
            if not together:
                world.run(most)
        world.run(most)

        if rule is not None and rule.owner_id is None:
            assert world.value == ""
        elif writes:
            owner = rule.owner_id if rule else writes[0][0]
            last = [value for system, value in writes if system == owner]
            if last:
                assert world.value == json.dumps(last[-1])
