"""What a person can do about usage that could not be read, or that was told in two ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from accounts.models import User
from exceptions.models import Case
from exceptions.operations import CaseRefused, retry
from revops.events.models import Channel
from revops.kernel import clock
from revops.pipeline import sources
from revops.pipeline.metering import door
from revops.usage.models import Record, Refused
from revops.usage.reading import read_all
from tests.usage.kit import product_connection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _connection() -> Iterator[None]:
    sources.forget()
    product_connection()
    yield
    sources.forget()


def plain(usage_id: str, /, **changes: Any) -> dict[str, Any]:
    made = {
        "usage_id": usage_id, "customer_id": "cus_1", "meter": "api_calls", "quantity": 5,
        "used_at": "2026-10-12T15:00:00Z",
    }  # fmt: skip
    return made | changes


def send(*items: dict[str, Any]) -> None:
    source = sources.by_slug("product")
    records = read_all(items, source=source.slug, now=clock.now())
    door.take(source, records, channel=Channel.API, correlation_id="co-usage")


def the_case(kind: str) -> Case:
    return Case.objects.exclude(state="resolved").get(kind=kind)


def used() -> Decimal:
    return Record.objects.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0)


def press(kind: str, remedy: str, by: User) -> str:
    return retry(case_id=the_case(kind).pk, remedy=remedy, by=by)


class TestRefused:
    def test_stays_open_while_nothing_can_be_read(self, ana: User) -> None:
        send(plain("a", quantity="many"), plain("b", quantity="many"))
        said = press("usage_refused", "read_again", ana)
        assert said == "2 records of 2 still cannot be read; the newest is “b”."
        assert the_case("usage_refused").state == "open"

    def test_is_settled_when_they_came_again_corrected(self, ana: User) -> None:
        send(plain("a", quantity="many"), plain("b", quantity="many"))
        send(plain("a", quantity=3))
        assert "1 record of 2" in press("usage_refused", "read_again", ana)
        send(plain("b", quantity=4))
        press("usage_refused", "read_again", ana)
        assert not Case.objects.exclude(state="resolved").exists()
        assert used() == 7

    def test_is_stored_when_its_time_has_come(
        self, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ahead = clock.now() + timedelta(days=3)
        send(plain("a", used_at=ahead.isoformat()))
        assert used() == 0
        monkeypatch.setattr("revops.kernel.clock.now", lambda: ahead)
        press("usage_refused", "read_again", ana)
        assert used() == 5
        assert not Case.objects.exclude(state="resolved").exists()

    def test_of_another_reason_is_another_case(self, ana: User) -> None:
        send(plain("a", quantity="many"), plain("b", meter=""))
        send(plain("a", quantity=3))
        case = next(
            one for one in Case.objects.filter(kind="usage_refused") if "quantity" in one.cause
        )
        retry(case_id=case.pk, remedy="read_again", by=ana)
        assert "meter" in the_case("usage_refused").cause

    def test_without_an_id_can_only_be_left_out(self, ana: User) -> None:
        send(plain("", quantity=1))
        assert press("usage_refused", "read_again", ana).endswith("none has an id.")
        said = press("usage_refused", "leave_out", ana)
        assert said == "Ana Lima decided that these records are not charged."
        assert used() == 0
        assert Refused.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_what_was_decided_stays_decided(self, ana: User) -> None:
        send(plain("a", quantity="many"))
        press("usage_refused", "leave_out", ana)
        send(plain("b", quantity="many"))
        assert "1 record of 1" in press("usage_refused", "read_again", ana)

    def test_is_nothing_for_support(self, sue: User) -> None:
        send(plain("a", quantity="many"))
        with pytest.raises(Exception, match="may not|not allowed|NotAllowed|role"):
            press("usage_refused", "leave_out", sue)


class TestConflict:
    def test_keeps_the_first_and_says_who_decided(self, ana: User) -> None:
        send(plain("a"), plain("a", quantity=8))
        press("usage_conflict", "keep_first", ana)
        assert used() == 5
        resolved = Case.objects.get(kind="usage_conflict")
        assert resolved.state == "resolved"
        assert "Ana Lima" in resolved.resolution

    def test_counts_the_later_one_by_records_of_their_own(self, ana: User) -> None:
        send(plain("a"), plain("a", quantity=8), plain("b"))
        press("usage_conflict", "count_later", ana)
        assert used() == 13
        assert set(Record.objects.values_list("usage_id", flat=True)) == {
            "a", "a~back", "a~later", "b",
        }  # fmt: skip
        assert Record.objects.get(usage_id="a").quantity == 5

    def test_takes_the_first_back_where_it_was(self, ana: User) -> None:
        send(plain("a"), plain("a", customer_id="cus_2", used_at="2026-10-13T15:00:00Z"))
        press("usage_conflict", "count_later", ana)
        first, back, later = (
            Record.objects.get(usage_id=name) for name in ("a", "a~back", "a~later")
        )
        assert (back.stream_id, back.used_at) == (first.stream_id, first.used_at)
        assert later.stream_id != first.stream_id
        assert later.used_at - first.used_at == timedelta(days=1)

    def test_of_three_forms_is_for_the_product_to_say(self, ana: User) -> None:
        send(plain("a"), plain("a", quantity=8), plain("a", quantity=9))
        with pytest.raises(CaseRefused, match="more than two forms"):
            press("usage_conflict", "count_later", ana)
        assert used() == 5

    def test_is_not_counted_twice_when_a_third_form_comes_later(self, ana: User) -> None:
        send(plain("a"), plain("a", quantity=8))
        press("usage_conflict", "count_later", ana)
        send(plain("a", quantity=9))
        with pytest.raises(CaseRefused, match="counts already"):
            press("usage_conflict", "count_later", ana)
        assert used() == 8
