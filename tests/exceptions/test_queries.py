from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exceptions.models import Case
from exceptions.operations import report, settle
from exceptions.queries.cases import page_of_cases
from exceptions.queries.causes import every_cause, page_of_causes
from exceptions.queries.closes import endangers
from exceptions.queries.detail import detail
from exceptions.queries.selection import Selection
from exceptions.queries.shape import trend
from exceptions.queries.totals import OPEN_CASES, figures
from revops.kernel.money import Money
from revops.store import sql
from tests import factories
from tests.exceptions.kit import a_finding

AT = datetime(2026, 10, 29, 14, 0, tzinfo=UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calls")]


def choose(**values: Any) -> Selection:
    return Selection(at=AT, **values)


def reported(identity: str, *, at: datetime = AT, **values: object) -> Case:
    finding = a_finding(identity, **values)
    report([finding], at=at)
    return Case.objects.get(fingerprint=finding.fingerprint)


class TestCauses:
    def test_have_one_row_each_with_sums_that_never_mix_currencies(self) -> None:
        reported("a")
        reported("b", at_stake=5_000, currency="EUR")
        reported("c", at_stake=None)
        (row,) = page_of_causes(choose()).rows
        assert row.sum.cases == 3
        assert row.sum.unpriced == 1
        assert row.sum.amounts == [Money(10_000, "USD"), Money(5_000, "EUR")]

    def test_are_ranked_by_money_times_closeness_of_the_close(self) -> None:
        entity = factories.a_legal_entity("US")
        factories.a_period(entity, year=2026, month=10)
        factories.a_period(entity, year=2026, month=12)
        near = {"legal_entity_id": entity.pk, "period_code": "2026-10"}
        far = {"legal_entity_id": entity.pk, "period_code": "2026-12"}
        reported("near", cause_parts="near", at_stake=10_000, **near)
        reported("far", cause_parts="far", at_stake=50_000, **far)
        reported("rich", cause_parts="rich", at_stake=10_000_000, **far)
        order = [row.sum.amounts[0].minor for row in page_of_causes(choose()).rows]
        assert order == [10_000_000, 10_000, 50_000]
        by_money = [row.sum.amounts[0].minor for row in page_of_causes(choose(), sort="money").rows]
        assert by_money == [10_000_000, 50_000, 10_000]

    def test_say_which_close_they_endanger_and_how_soon(self) -> None:
        entity = factories.a_legal_entity("US")
        factories.a_period(entity, year=2026, month=10)
        reported("a", legal_entity_id=entity.pk, period_code="2026-10")
        (row,) = page_of_causes(choose()).rows
        assert row.endangers is not None
        assert (row.endangers.period, row.endangers.days, row.endangers.tone) == (
            "2026-10",
            2,
            "crit",
        )

    def test_take_the_state_that_needs_a_person_most(self) -> None:
        reported("a")
        reported("b", state="in_doubt")
        (row,) = page_of_causes(choose()).rows
        assert (row.status, row.rest) == ("open", "1 in doubt")
        Case.objects.filter(state="open").update(state="retrying")
        (row,) = page_of_causes(choose()).rows
        assert (row.status, row.rest) == ("in_doubt", "1 retrying")

    def test_are_late_when_their_oldest_case_is(self) -> None:
        reported("a", at=AT - timedelta(days=2))
        (row,) = page_of_causes(choose()).rows
        assert row.status == "late"

    def test_disappear_with_their_last_case(self) -> None:
        case = reported("a")
        settle(fingerprints=[case.fingerprint], text="Posted.", at=AT)
        assert page_of_causes(choose()).rows == []

    def test_are_paged_and_a_number_out_of_range_gives_the_first_page(self) -> None:
        for number in range(7):
            reported(str(number), cause_parts=str(number), at_stake=number + 1)
        page = page_of_causes(choose(), size=3, number="2")
        assert [row.sum.amounts[0].minor for row in page.rows] == [4, 3, 2]
        assert (page.first, page.pages) == (4, 3)
        assert page_of_causes(choose(), size=3, number="99").first == 1
        assert len(every_cause(choose())) == 7

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            ({"system": "books"}, {"a", "b"}),
            ({"system": "crm"}, {"c"}),
            ({"kind": "t_doubt"}, {"b"}),
            ({"entity": "UK"}, {"c"}),
            ({"period": "2026-10"}, {"a"}),
            ({"status": "in_doubt"}, {"b"}),
            ({"status": "new"}, {"a", "b"}),
            ({"system": "books", "kind": "t_held"}, {"a"}),
        ],
    )
    def test_are_filtered_as_cases_are(self, chosen: dict[str, str], expected: set[str]) -> None:
        uk = factories.a_legal_entity("UK")
        us = factories.a_legal_entity("US")
        reported("a", cause_parts="a", legal_entity_id=us.pk, period_code="2026-10")
        reported("b", cause_parts="b", kind="t_doubt", state="in_doubt", legal_entity_id=us.pk)
        reported(
            "c",
            cause_parts="c",
            connection_slug="crm",
            legal_entity_id=uk.pk,
            at=AT - timedelta(days=3),
        )
        selection = choose(**chosen)
        wanted = {a_finding(name, cause_parts=name).cause_key for name in expected} | {
            a_finding(name, cause_parts=name, kind="t_doubt").cause_key for name in expected & {"b"}
        }
        found = {row.key for row in page_of_causes(selection).rows}
        assert found <= wanted
        assert len(found) == len(expected)
        assert {row.case.cause_key for row in page_of_cases(selection).rows} == found

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            ({"amount_min": 100}, {"dollars", "yen", "owed"}),
            ({"amount_min": 101}, {"yen", "owed"}),
            ({"amount_max": 100}, {"dollars", "dinars"}),
            ({"amount_min": 10, "amount_max": 100}, {"dollars"}),
            ({"age_min": 3}, {"dinars", "unknown"}),
            ({"age_min": 3, "amount_max": 1}, {"dinars"}),
            ({"age_min": 4}, set()),
        ],
    )
    def test_are_narrowed_by_each_cases_own_amount_and_age(
        self, chosen: dict[str, int], expected: set[str]
    ) -> None:
        old = AT - timedelta(days=3)
        for name, currency, minor, at in (
            ("dollars", "USD", 10_000, AT), ("yen", "JPY", 101, AT), ("owed", "EUR", -10_100, AT),
            ("dinars", "KWD", 1_000, old), ("unknown", "USD", None, old),
        ):  # fmt: skip
            reported(name, at=at, subject_label=name, currency=currency, at_stake=minor)
        selection = choose(**chosen)
        listed = {row.case.subject_label for row in page_of_cases(selection).rows}
        assert listed == expected
        found = figures(selection)
        assert found.shown.cases == found.open == len(expected)
        assert [row.sum.cases for row in page_of_causes(selection).rows] == [len(expected)][
            : bool(expected)
        ]

    def test_are_found_by_their_words_and_by_what_their_cases_are_about(self) -> None:
        reported("a", cause="Tax code X has no mapping", cause_parts="a", subject_label="INV-77")
        case = reported("b", cause="Books are closed", cause_parts="b", subject_label="INV-88")
        for words, expected in (
            ("tax CODE", "Tax code X has no mapping"),
            ("inv-88", "Books are closed"),
            (f"exc-{case.pk}", "Books are closed"),
        ):
            selection = choose(words=words).looked_up()
            assert [row.sentence for row in page_of_causes(selection).rows] == [expected]
            assert figures(selection).shown.cases == 1
            listed = page_of_cases(choose(words=words).looked_up(cases=True))
            assert [row.case.cause for row in listed.rows] == [expected]

    @pytest.mark.parametrize("words", ["100%", "a_b", "\\", "'", "zzz"])
    def test_take_words_as_they_are(self, words: str) -> None:
        reported("a", cause="1000 and acb")
        assert page_of_causes(choose(words=words).looked_up()).rows == []
        assert page_of_cases(choose(words=words).looked_up(cases=True)).rows == []


class TestTrend:
    def test_of_a_cause_ends_with_what_stands_and_goes_back_by_what_came_and_went(self) -> None:
        for identity, ago, minor in (("old", 40, 7_000), ("gone", 30, 500), ("new", 2, 100)):
            reported(identity, at=AT - timedelta(days=ago), at_stake=minor)
        reported("unknown", at_stake=None)
        settle(
            fingerprints=[a_finding("gone").fingerprint], at=AT - timedelta(days=1), text="Posted."
        )
        days = trend(a_finding().cause_key, at=AT)
        assert [one.amount.minor for one in days] == [7_500] * 11 + [7_600, 7_100, 7_100]
        assert [(one.came, one.cases) for one in days[-4:]] == [(0, 2), (1, 3), (0, 2), (0, 2)]


class TestFigures:
    def test_tie_to_the_rows_and_count_every_tab(self) -> None:
        reported("a")
        reported("b", cause_parts="b", state="in_doubt")
        reported("c", at=AT - timedelta(days=3))
        found = figures(choose())
        assert found.shown.cases == sum(row.sum.cases for row in page_of_causes(choose()).rows) == 3
        assert found.by_state == {"open": 2, "in_doubt": 1}
        assert found.new.number == 2
        assert found.causes == 2
        assert sql.tuples(OPEN_CASES) == [(3,)]

    def test_name_the_closes_that_are_near(self) -> None:
        entity = factories.a_legal_entity("US", name="US Inc")
        factories.a_period(entity, year=2026, month=10)
        factories.a_period(entity, year=2026, month=12)
        reported("a", legal_entity_id=entity.pk, period_code="2026-10")
        reported("b", legal_entity_id=entity.pk, period_code="2026-12")
        (close,) = figures(choose()).closes
        assert (close.endangers.entity, close.endangers.period) == ("US Inc", "2026-10")
        assert close.sum.amounts == [Money(10_000, "USD")]


class TestCases:
    def test_come_in_pages_by_key_that_new_cases_do_not_shift(self) -> None:
        for number in range(5):
            reported(str(number), at=AT - timedelta(hours=9 - number))
        first = page_of_cases(choose(), size=2)
        reported("new", at=AT)
        second = page_of_cases(choose(), size=2, after=first.next["after"])
        seen = [row.case.opened_at for row in (*first.rows, *second.rows)]
        assert seen == sorted(seen)
        assert len(set(seen)) == 4

    def test_resolved_are_listed_newest_first_with_how(self) -> None:
        for number in range(2):
            case = reported(str(number))
            settle(
                fingerprints=[case.fingerprint], text=f"{number}", at=AT + timedelta(hours=number)
            )
        page = page_of_cases(choose(status="resolved"))
        assert [row.case.resolution for row in page.rows] == ["1", "0"]


class TestCloses:
    @pytest.mark.parametrize(
        ("day", "tone", "words"),
        [
            (1, "", "in\N{NO-BREAK SPACE}30\N{NO-BREAK SPACE}d"),
            (25, "warn", "at risk, in\N{NO-BREAK SPACE}6\N{NO-BREAK SPACE}d"),
            (29, "crit", "blocked, in\N{NO-BREAK SPACE}2\N{NO-BREAK SPACE}d"),
            (31, "crit", "blocked, ends\N{NO-BREAK SPACE}today"),
        ],
    )
    def test_say_how_near_the_end_is(self, day: int, tone: str, words: str) -> None:
        found = endangers(
            entity="US Inc",
            zone="America/New_York",
            period="2026-10",
            ends=AT.date().replace(day=31),
            state="open",
            at=AT.replace(day=day),
        )
        assert (found.tone, found.words) == (tone, words)

    def test_count_days_in_the_entitys_zone(self) -> None:
        """Late on the 30th in New York is already the 31st in UTC."""
        found = endangers(
            entity="US Inc",
            zone="America/New_York",
            period="2026-10",
            ends=AT.date().replace(day=31),
            state="open",
            at=datetime(2026, 10, 31, 2, 0, tzinfo=UTC),
        )
        assert found.days == 1


class TestDetail:
    def test_knows_its_place_among_the_cases_of_its_cause(self) -> None:
        cases = [reported(str(number), at=AT + timedelta(minutes=number)) for number in range(3)]
        found = detail(cases[1].pk, at=AT)
        assert found.place is not None
        assert (found.place.number, found.place.of) == (2, 3)
        assert (found.place.previous, found.place.next) == (cases[0].pk, cases[2].pk)
        assert found.place.sum.amounts == [Money(30_000, "USD")]

    def test_of_a_resolved_case_has_no_place(self) -> None:
        case = reported("a")
        settle(fingerprints=[case.fingerprint], text="Posted.", at=AT)
        assert detail(case.pk, at=AT).place is None

    def test_raises_for_a_case_that_does_not_exist(self) -> None:
        with pytest.raises(Case.DoesNotExist):
            detail(1, at=AT)
