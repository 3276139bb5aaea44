"""Two workers that learn the same fact from different events at the same moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest

from revops.events import operations as inbox
from revops.events.models import InboundEvent, InboxState
from revops.kernel import clock
from revops.ledger import operations as ledger
from revops.ledger.models import JournalEntry
from revops.pipeline import process, sources
from tests.pipeline.rehearsal import Rehearsal

MINUTE: Final = timedelta(minutes=1)


class TestOneFactAtOnce:
    def test_is_read_again_when_another_worker_was_first(
        self, line: Rehearsal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record, calls = ledger.record, []

        def second(entries: Any) -> None:
            calls.append(len(entries))
            if len(calls) == 1:
                raise psycopg.errors.UniqueViolation("ledger_entry_once")
            record(entries)

        monkeypatch.setattr(ledger, "record", second)
        line.subscribe()
        line.deliver()
        line.advance()

        assert len(calls) > 1
        assert not InboundEvent.objects.filter(state=InboxState.POISON).exists()
        assert JournalEntry.objects.filter(document_type="invoice").count() == 1


class TestASlowWorker:
    def test_whose_events_were_taken_over_did_not_crash_and_takes_fewer_the_next_time(
        self, line: Rehearsal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        line.subscribe(pays=True)
        line.deliver()
        source, together = sources.by_slug("stripe"), process._together
        sizes: list[int] = []

        def outlasts_its_lease(source: Any, batch: Any) -> set[int]:
            sizes.append(len(batch))
            own = InboundEvent.objects.filter(pk__in=[event.id for event in batch])
            own.update(next_at=clock.now() - MINUTE)
            assert inbox.claim(connection_id=source.id, most=len(batch), lease=0)
            return together(source, batch)

        paces: dict[int, int] = {}
        monkeypatch.setattr(process, "_paces", paces)
        with monkeypatch.context() as patch:
            patch.setattr(process, "_together", outlasts_its_lease)
            self._works(source)
        assert sizes == [sizes[0], *(max(1, sizes[0] // 2**n) for n in range(1, 5))]
        assert set(InboundEvent.objects.values_list("crash_count", flat=True)) == {0}
        line.settle()

        line.assert_books_agree()
        assert not line.open_cases()
        assert paces[source.id] > 1

    def _works(self, source: Any) -> None:
        for _ in range(5):
            assert process.advance_once(source)
            InboundEvent.objects.update(leased=False)  # the other one gives them back
