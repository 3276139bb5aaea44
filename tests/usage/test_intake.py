"""Storing raw records: once each, whatever comes twice, and never without a trace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, InternalError

from revops.store import sql
from revops.usage.models import Batch, Conflict, Record, Refused, Stream
from revops.usage.operations.intake import Fate, in_batches
from revops.usage.operations.partitions import make_ahead
from revops.usage.reading import Bad
from tests.factories import a_connection
from tests.usage.kit import product_connection, store, used

pytestmark = pytest.mark.django_db


class TestStoring:
    def test_keeps_each_record_once_however_often_it_comes(self) -> None:
        first = store(used("a", 5), used("b", 7))
        again = store(used("b", 7), used("c", 1), used("a", "5"))
        assert first.fates == (Fate.ACCEPTED, Fate.ACCEPTED)
        assert again.fates == (Fate.DUPLICATE, Fate.ACCEPTED, Fate.DUPLICATE)
        assert sorted(Record.objects.values_list("usage_id", flat=True)) == ["a", "b", "c"]

    def test_sees_a_repeat_within_one_batch(self) -> None:
        result = store(used("a", 5), used("a", 5), used("a", 6))
        assert result.fates == (Fate.ACCEPTED, Fate.DUPLICATE, Fate.CONFLICT)
        assert Record.objects.count() == 1

    def test_keeps_other_content_under_a_known_id_beside_the_first(self) -> None:
        store(used("a", 5))
        result = store(used("a", 6), used("a", 5, on="2026-09-01T00:00:00Z"))
        assert result.fates == (Fate.CONFLICT, Fate.CONFLICT)
        record = Record.objects.get()
        assert record.quantity == 5
        kept = list(Conflict.objects.order_by("pk"))
        assert {one.record_id for one in kept} == {record.pk}
        assert '"quantity":"6"' in kept[0].body
        store(used("a", 6))
        assert Conflict.objects.count() == 2

    def test_tells_sources_and_connections_apart(self) -> None:
        other = a_connection("other", "cloudevents")
        store(used("a"), used("a", source="batch"))
        assert store(used("a"), connection=other).fates == (Fate.ACCEPTED,)
        assert Record.objects.count() == 3

    def test_keeps_what_cannot_be_read_beside_what_can(self) -> None:
        result = store(used("a"), Bad("x", '{"id":"x"}', "“meter” is missing."), used("b"))
        assert result.fates == (Fate.ACCEPTED, Fate.REFUSED, Fate.ACCEPTED)
        refused = Refused.objects.get()
        assert (refused.position, refused.usage_id, refused.reason) == (
            1, "x", "“meter” is missing.",
        )  # fmt: skip

    def test_says_of_a_batch_what_was_in_it(self) -> None:
        store(used("a"), used("a"), used("a", 2), Bad("", "{", "No."))
        batch = Batch.objects.get()
        assert (batch.accepted, batch.duplicates, batch.conflicts, batch.refused) == (1, 1, 1, 1)
        assert batch.first_id == batch.last_id == Record.objects.get().pk
        assert batch.counted_at is None

    def test_leaves_nothing_to_count_of_a_batch_without_news(self) -> None:
        store(used("a"))
        store(used("a"))
        assert Batch.objects.order_by("pk").last().counted_at is not None

    def test_takes_ids_with_backslashes_and_other_letters_as_they_are(self) -> None:
        store(used("a\\n\\.b", customer="Größe\\t"))
        assert Record.objects.get().usage_id == "a\\n\\.b"
        assert Stream.objects.get().customer_ref == "Größe\\t"

    def test_gives_one_stream_to_each_customer_and_meter(self) -> None:
        store(used("a"), used("b"), used("c", meter="storage"), used("d", customer="cus_2"))
        assert Stream.objects.count() == 3


class TestPartitions:
    def test_hold_the_records_of_their_month(self) -> None:
        now = datetime.now(tz=UTC)
        store(used("a", on=now.isoformat()), used("old", on="2001-02-03T00:00:00Z"))
        held = dict(sql.rows("SELECT usage_id, tableoid::regclass::text AS part FROM usage_record"))
        assert held == {"a": f"usage_record_{now:%Y_%m}", "old": "usage_record_other"}

    def test_are_made_ahead_once(self) -> None:
        parts = sql.rows(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'usage_record'::regclass"
        )
        for part in parts:  # tests that committed may have made them before
            if part.name != "usage_record_other":
                sql.run(f"DROP TABLE {part.name}")
        made = make_ahead()
        assert len(made) >= 2
        assert make_ahead() == []

    def test_are_known_to_the_database_as_facts(self) -> None:
        store(used("a"))
        for statement in ("UPDATE usage_record SET quantity = 9", "DELETE FROM usage_record"):
            with (
                pytest.raises((InternalError, IntegrityError), match="never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


class TestBatches:
    def test_are_cut_from_a_stream_of_any_length(self) -> None:
        sizes = [len(batch) for batch in in_batches(used(str(n)) for n in range(12_001))]
        assert sizes == [5000, 5000, 2001]

    def test_of_nothing_are_none(self) -> None:
        assert list(in_batches([])) == []
        assert product_connection()
