"""
Every system of the demo loses answers at once: five ERPs, two billing systems and all others. The
count of their own lists says that nothing was lost or posted twice in any of them.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import User
from revops.sandbox.rehearsals import catalogue, operations, systems
from revops.sandbox.rehearsals.operations import advancing
from revops.sandbox.rehearsals.report import Report, read
from tests.journeys.world import World

_DRILLS = ("lost_answers", "others_lost")


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two drills, each as long as its fault needs to strike."""
    drills = tuple(
        replace(one, seconds=2, invoices=4, paid=2, beside={},
                rather={"response_lost": {"times": 2, "seconds": 0.1}})
        for one in catalogue.DRILLS if one.slug in _DRILLS
    )  # fmt: skip
    monkeypatch.setattr(catalogue, "DRILLS", drills)
    monkeypatch.setattr(advancing, "_LOOK", timedelta(seconds=0.5))


def _lived_through(world: World) -> Report:
    made = operations.start(by=User.objects.get(email="ines@demo.example"), drills=_DRILLS)
    stop = time.monotonic() + 60
    while made.live and time.monotonic() < stop:
        operations.advance()
        world.go_on()
        made.refresh_from_db()
    report = read(made.counted)
    assert report is not None, (made.state, made.note, world.left())
    return report


@pytest.mark.usefixtures("quickly")
class TestEverybodyStruck:
    def test_nothing_is_lost_or_doubled_in_any_system(self, everybody: World) -> None:
        everybody.poll()
        report = _lived_through(everybody)
        parts = {part.slug: part for part in report.parts}

        keepers = {slug for slug, part in parts.items() if part.books is not None}
        assert len(keepers) >= 5
        for slug in keepers:
            documents, wrong = parts[slug].books or (0, 0)
            assert (documents > 0, wrong) == (True, 0), slug
            assert parts[slug].unanswered + parts[slug].turned_away, f"{slug} lost no answer"
        able = {
            one.slug for one in systems.all_of(catalogue.BOOKS, catalogue.OTHERS)
            if "response_lost" in {switch.slug for switch in one.manifest.switches}
        }  # fmt: skip
        assert {slug for slug, part in parts.items() if part.drills} == able
        assert not report.ends_in_all, report.ends
        for line in report.lines:
            assert line.billing == line.erp == line.console, line
