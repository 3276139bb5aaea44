"""Two workers that learn the same fact from different events at the same moment."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from revops.events.models import InboundEvent, InboxState
from revops.ledger import operations as ledger
from revops.ledger.models import JournalEntry
from tests.pipeline.rehearsal import Rehearsal


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
