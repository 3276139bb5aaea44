"""
Q7: a bad week. A rehearsal throws duplicates, lost webhooks, a 429 storm, a maintenance window, a
partial batch, lost answers and a changed schema at the console; people follow the playbooks, and
end with an empty queue and books that match what billing and the ERP say themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from approvals.models import ApprovalRequest
from exceptions import kinds
from exceptions.models import Case
from revops.pipeline import poll
from revops.sandbox import company
from revops.sandbox.rehearsals import catalogue
from revops.sandbox.rehearsals import operations as rehearsals
from revops.sandbox.rehearsals.models import Rehearsal
from revops.sandbox.rehearsals.operations import advancing
from revops.sandbox.rehearsals.report import Report, read
from tests.journeys.desk import Desk
from tests.journeys.world import World

# What was refused alone, or as a part of a document whose other part stands.
_REFUSED: Final = frozenset({"refused", "partial_posting"})


@pytest.fixture
def week(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drills of billing and ERPs, in less time: each as long as its fault needs to strike."""
    quicker = {"retry_after": 1, "response_lost": {"times": 2, "seconds": 0.1}}
    drills = tuple(
        replace(
            one, seconds=2 if catalogue.BOOKS in one.parties else 1, beside={},
            rather={name: quicker.get(name, value) for name, value in one.rather.items()},
        )
        for one in catalogue.DRILLS if catalogue.OTHERS not in one.parties
    )  # fmt: skip
    monkeypatch.setattr(catalogue, "DRILLS", drills)
    monkeypatch.setattr(advancing, "_LOOK", timedelta(seconds=0.5))


@pytest.fixture
def people(
    world: World, live_server: Any, at_desks: Callable[[str, str], Desk]
) -> Iterator[dict[str, Desk]]:
    made = {name: at_desks(live_server.url, name) for name in ("ines", "priya", "marcus")}
    yield made
    for one in made.values():
        one.__exit__()


@pytest.mark.usefixtures("week")
class TestBadWeek:
    def test_ends_with_an_empty_queue_and_books_that_match(
        self, world: World, people: dict[str, Desk]
    ) -> None:
        world.poll()
        ines, priya, marcus = people["ines"], people["priya"], people["marcus"]
        begun = urlsplit(ines.on("/rehearsals/", "start").address).path
        report, met = self._live_through(world, priya)

        shown = ines.see(begun).content.decode()
        left = {cause.kind for cause in report.standing}
        assert "schema_drift" in left
        assert left & _REFUSED
        for kind in left:
            assert f'href="/playbooks/{kind}/"' in shown
        assert met >= {"webhooks_missing", "target_down", "in_doubt"}
        assert report.unexplained == 0
        assert report.repeats >= 4 * 12
        assert report.found >= 6
        assert report.turned_away
        assert report.unanswered >= 1
        assert report.refused
        assert not any(world.control(slug, "faults") for slug in (company.ERP,))
        assert set(world.control(company.STRIPE, "faults").values()) <= {0, None}

        self._follow_the_playbooks(world, priya, marcus)

        assert "The books match." in ines.on(begun, "count").text
        assert "No open exceptions" in priya.see("/exceptions/").text
        assert not [(one.kind, one.state, one.what_happened) for one in world.open_cases()]
        counted = read(Rehearsal.objects.get().counted)
        assert counted is not None
        assert not counted.ends_in_all
        for line in counted.lines:
            assert line.billing == line.erp == line.console
        keys = [move["key"] for move in world.moves()]
        assert len(keys) == len(set(keys))

    def _live_through(self, world: World, priya: Desk) -> tuple[Report, set[str]]:
        """The report, and the kinds of case that were met, of which a person pressed one away."""
        stop = time.monotonic() + 120
        found = Rehearsal.objects.get()
        while found.live and time.monotonic() < stop:
            rehearsals.advance()
            world.go_on()
            poll.poll(world.connections[company.STRIPE].pk)
            self._try_again(priya)
            found.refresh_from_db()
        report = read(found.counted)
        assert report is not None, (found.state, found.note, world.left())
        # Also those that settled themselves before anybody looked.
        return report, set(Case.objects.values_list("kind", flat=True))

    def _try_again(self, priya: Desk) -> None:
        """The playbook of a system that cannot be reached: when it works again, one trial."""
        for case in Case.objects.filter(kind="target_down", state="open"):
            page = priya.see(f"/exceptions/{case}/")
            if page.can("do-trial"):
                priya.press(page, "do-trial")

    def _follow_the_playbooks(self, world: World, priya: Desk, marcus: Desk) -> None:
        for case in Case.objects.filter(kind__in=_REFUSED, state="open"):
            priya.on(f"/exceptions/{case}/", f"do-{kinds.get(case.kind).remedies[0]}")
        for case in Case.objects.filter(kind="schema_drift", state="open"):
            reason = "Billing says that it is not for books."
            priya.on(f"/exceptions/{case}/", "give-up", reason=reason)
        for request in ApprovalRequest.objects.filter(subject="case_close", state="waiting"):
            marcus.on(f"/approvals/{request}/?decide=approve", "confirm", reason="Read its notes.")
        # Polled once more, nothing is missing: the case of lost webhooks settles by itself.
        world.settle()
