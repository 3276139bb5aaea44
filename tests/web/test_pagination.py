from __future__ import annotations

import base64
import json

import pytest
from django.db import connection
from django.db.models import CharField, Value
from django.db.models.functions import Length, Substr
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from revops.web.pagination import (
    Count,
    Page,
    capped_count,
    keyset_page,
    numbered_page,
    page_size,
)

ORDER = ("-zone", "name", "pk")


@pytest.fixture
def people(db: None) -> list[str]:
    """23 people in two zones with repeated names, in the order of the list."""
    User.objects.bulk_create(
        User(email=f"p{n}@example.com", name=f"Name {n % 5}", zone="UTC" if n % 2 else "Asia/Tokyo")
        for n in range(23)
    )
    return [user.email for user in User.objects.order_by(*ORDER)]


def turn(page: Page[User] | None, way: str = "next") -> Page[User]:
    change = {} if page is None else getattr(page, way)
    return keyset_page(User.objects.all(), order=ORDER, size=5, count=Count(23), **change)


def emails(page: Page[User]) -> list[str]:
    return [user.email for user in page.rows]


class TestKeysetPage:
    def test_walks_every_row_once_in_order_and_back_again(self, people: list[str]) -> None:
        pages = [turn(None)]
        while pages[-1].next:
            pages.append(turn(pages[-1]))
        assert [email for page in pages for email in emails(page)] == people
        assert [(page.first, page.last) for page in pages] == [
            (1, 5), (6, 10), (11, 15), (16, 20), (21, 23),
        ]  # fmt: skip
        back = [pages[-1]]
        while back[-1].previous:
            back.append(turn(back[-1], "previous"))
        assert [emails(page) for page in reversed(back)] == [emails(page) for page in pages]
        assert [page.first for page in reversed(back)] == [page.first for page in pages]

    def test_does_not_shift_when_a_row_comes_in_before_it(self, people: list[str]) -> None:
        first = turn(None)
        User.objects.create(email="new@example.com", name="Name 0", zone="Zulu")
        assert emails(turn(first)) == people[5:10]

    def test_shows_a_row_that_came_in_when_one_goes_back_to_the_start(
        self, people: list[str]
    ) -> None:
        second = turn(turn(None))
        User.objects.create(email="new@example.com", name="Name 0", zone="Zulu")
        assert emails(turn(second, "previous")) == people[:5]
        first = turn(turn(second, "previous"), "previous")
        assert emails(first)[0] == "new@example.com"
        assert first.previous is None

    def test_reads_one_row_more_than_it_shows_and_counts_nothing(self, people: list[str]) -> None:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            turn(turn(None))
        assert len(asked) == 2
        assert all("LIMIT 6" in query["sql"] for query in asked)
        assert not any("COUNT" in query["sql"] for query in asked)

    def test_orders_by_annotations_too(self, people: list[str]) -> None:
        rows = User.objects.annotate(tail=Substr("email", 2, 2), size=Length("email"))
        order = ("size", "-tail")
        page = keyset_page(rows, order=order, size=4)
        again = keyset_page(rows, order=order, size=4, **(page.next or {}))
        expected = [user.email for user in rows.order_by(*order)[:8]]
        assert emails(page) + emails(again) == expected

    @pytest.mark.parametrize(
        "cursor",
        [
            "nonsense",
            "%%%",
            "ééé",
            "e30",
            base64.urlsafe_b64encode(b"[0,[1]]").decode(),
            base64.urlsafe_b64encode(b'[-1,["UTC","a",1]]').decode(),
            base64.urlsafe_b64encode(b'[0,["UTC","a",{"n":"x"}]]').decode(),
            base64.urlsafe_b64encode(b'[0,["UTC","a",{"z":"1"}]]').decode(),
            base64.urlsafe_b64encode(b'[0,["UTC","a","not a key"]]').decode(),
            base64.urlsafe_b64encode(json.dumps([0, ["UTC", "a", 10**30]]).encode()).decode(),
            base64.urlsafe_b64encode(b'[0,["UTC","\\u0000",1]]').decode(),
            "A" * 5000,
        ],
    )
    def test_of_a_cursor_without_sense_is_the_first_page(
        self, people: list[str], cursor: str
    ) -> None:
        page = keyset_page(User.objects.all(), order=ORDER, after=cursor, size=5)
        assert emails(page) == people[:5]
        assert page.previous is None

    def test_past_the_last_row_is_the_first_page(self, people: list[str]) -> None:
        last = turn(None)
        while last.next:
            last = turn(last)
        gone = last.rows[-1]
        cursor = base64.urlsafe_b64encode(
            json.dumps([23, [gone.zone, gone.name, gone.pk]]).encode()
        ).decode()
        page = keyset_page(User.objects.all(), order=ORDER, after=cursor, size=5)
        assert emails(page) == people[:5]

    def test_of_no_rows_has_no_neighbours(self, db: None) -> None:
        page = keyset_page(User.objects.none(), order=ORDER)
        assert (page.rows, page.first, page.last) == ([], 0, 0)
        assert page.previous is None
        assert page.next is None
        assert page.title_part == ""

    def test_refuses_to_order_by_what_may_be_null(self, people: list[str]) -> None:
        rows = User.objects.annotate(nothing=Value(None, output_field=CharField(null=True)))
        with pytest.raises(ValueError, match="never null"):
            keyset_page(rows, order=("nothing", "pk"), size=5)

    def test_has_a_cursor_that_fits_an_address(self, people: list[str]) -> None:
        change = turn(None).next or {}
        assert QueryDict(f"after={change['after']}")["after"] == change["after"]


class TestNumberedPage:
    ROWS = list(range(60))

    @pytest.mark.parametrize(
        ("number", "first"),
        [("", 1), ("1", 1), ("2", 26), ("3", 51), ("4", 1), ("0", 1), ("-1", 1), ("x", 1),
         ("٢", 1), ("9" * 30, 1)],
    )  # fmt: skip
    def test_of_a_number_without_sense_is_the_first(self, number: str, first: int) -> None:
        assert numbered_page(self.ROWS, number=number).first == first

    def test_knows_its_neighbours(self) -> None:
        page = numbered_page(self.ROWS, number="2")
        assert page.previous == {"page": ""}
        assert page.next == {"page": "3"}
        assert (page.first, page.last, page.pages) == (26, 50, 3)
        assert numbered_page(self.ROWS, number="3").next is None

    def test_names_itself_for_the_title_when_there_are_several(self) -> None:
        assert numbered_page(self.ROWS, number="2").title_part == " (page 2 of 3)"
        assert numbered_page(self.ROWS[:3]).title_part == ""


class TestCount:
    def test_stops_at_its_cap_and_says_so(self, people: list[str]) -> None:
        assert str(capped_count(User.objects.all(), cap=22)) == "22+"
        assert str(capped_count(User.objects.all(), cap=23)) == "23"
        assert str(Count(10_000, capped=True)) == "10,000+"

    @pytest.mark.parametrize(("text", "size"), [("50", 50), ("", 25), ("7", 25), ("1e2", 25)])
    def test_of_rows_a_page_is_one_of_three(self, text: str, size: int) -> None:
        assert page_size(text) == size
