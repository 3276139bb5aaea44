"""What a connector cannot read stays, as a case, and stops nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from revops.events.models import InboundEvent
from revops.pipeline import normalize
from tests.pipeline.rehearsal import Rehearsal


def test_a_connector_that_fails_on_one_event_holds_up_no_other(
    line: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = normalize._read

    def fails_on_invoices(source: Any, envelope: Any, *rest: Any) -> Any:
        if envelope.type == "invoice.paid":
            raise KeyError("a fault of the connector's own")
        return real(source, envelope, *rest)

    monkeypatch.setattr(normalize, "_read", fails_on_invoices)
    line.subscribe(pays=True)
    line.deliver()
    line.run()

    failed = InboundEvent.objects.get(type="invoice.paid")
    assert failed.state == "quarantined"
    (case,) = line.open_cases()
    assert "invoice.paid that the console cannot read. It is stored" in case.what_happened
    others = InboundEvent.objects.exclude(pk=failed.pk).values_list("state", flat=True)
    assert set(others) <= {"processed", "ignored"}
