"""Q8: a month closes, with two names and a certificate, and one event comes too late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from accounts.demo import PASSWORD
from approvals.models import ApprovalRequest
from revops.canonical.models import Payout
from revops.close.certificate import tasks as certifying
from revops.close.models import Certificate, Task
from revops.events.models import SourceCursor
from revops.jobs import operations as jobs
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState
from revops.notices.models import Notice
from revops.pipeline.period_end import runs as period_end
from revops.reconciliation import tasks as reconciling
from revops.reconciliation.checks import registry
from revops.reconciliation.models import Break, BreakState, Load, Run
from revops.reconciliation.operations import pairs, runs
from revops.sandbox.tours.close_month import TOUR
from tests.journeys.desk import Desk, Seen
from tests.journeys.world import World, lines

US = "US-INC"
MONTHLY = {"legal_entity": US, "price": "price_team_monthly", "amount": 98_000, "interval": "month"}


@pytest.fixture
def people(
    world: World, live_server: Any, at_desks: Callable[[str, str], Desk]
) -> Iterator[dict[str, Desk]]:
    made = {name: at_desks(live_server.url, name) for name in ("priya", "marcus", "greta")}
    yield made
    for one in made.values():
        one.__exit__()


class TestClose:
    def test_a_month_closes_and_one_event_comes_too_late(
        self, world: World, people: dict[str, Desk], tmp_path: Path
    ) -> None:
        month = _business(world)
        walked = world.walk(TOUR, {"run": "Q8"}, until="mend")
        period_end.run_due()
        world.settle()
        priya, marcus = people["priya"], people["marcus"]
        here = f"/close/{month.code}/{US}/"
        people["greta"].see(here, status=404)
        before = self._is_blocked(priya, marcus, here)
        self._is_mended(world, priya, marcus)
        self._is_reconciled(priya, marcus, month)
        self._has_its_task(priya, marcus, here)
        self._is_signed(priya, marcus, here, before)
        page = marcus.see(f"{here}certificate")
        file = self._is_sealed(marcus, page, tmp_path / "certificate.json")
        assert _audited(file) == (
            f"The certificate of {US} {month.code} is as it was signed, and says what stands."
        )

        walked = world.walk(TOUR, walked.facts, until="late")
        walked = world.walk(TOUR, walked.facts, until="land")
        self._came_late(marcus, here, page)
        assert _verified(file) == 1
        self._lands_by_policy(world, priya, marcus, here, month)
        again = self._is_sealed(marcus, marcus.see(f"{here}certificate"), tmp_path / "again.json")
        assert _verified(again) == 0
        assert world.walk(TOUR, walked.facts).done
        self._is_reopened_by_nobody_alone(priya, here)

    def _is_blocked(self, priya: Desk, marcus: Desk, here: str) -> Seen:
        """T5: the answer is on the manager's home."""
        said = "0 of 3 legal entities can close; US Inc is blocked by USD 1,043.70 in 1 cause."
        assert said in marcus.see("/").text
        page = priya.see(here)
        assert not page.can("sign")
        assert "Not true yet: Every tax code has its account" in page.text
        refused = priya.press(page, "sign", although=True, confirm="yes", status=422)
        assert "Not true yet: Every tax code has its account" in refused.text
        return page

    def _is_mended(self, world: World, priya: Desk, marcus: Desk) -> None:
        (cause,) = {case.cause_key for case in world.open_cases()}
        page = priya.on(
            f"/exceptions/causes/{cause}/", "preview-fix", **{"fix-account": "2100"}
        )  # fmt: skip
        assert "1 of 1 clear" in page.text
        priya.press(page, "run-fix")
        _agree(world, marcus)
        assert not world.open_cases()
        # The daily look recognises what came after its last one.
        period_end.run_due()
        world.settle()

    def _is_reconciled(self, priya: Desk, marcus: Desk, month: AccountingPeriod) -> None:
        """All that there is to compare, as every night; two put their names under each."""
        _compare(month, [check.slug for check in registry.all()])
        made = Run.objects.order_by("pk")
        (missing,) = made.exclude(state="done")
        address = f"/reconciliation/runs/{missing}/"
        assert "Nobody brought a list of “bank” from House bank yet." in priya.see(address).text
        _bring_statement(priya)
        priya.on(address, "again")
        reconciling.work()
        self._is_matched(priya, made.latest("pk"))
        _sign_off(priya, marcus, made.filter(state="done").exclude(figures={}))

    def _is_matched(self, priya: Desk, run: Run) -> None:
        """T4: of four payouts one agreed by itself; two are suggested, of one the rest is late."""
        address = f"/reconciliation/runs/{run}/"
        assert not priya.see(address).can("sign-off")
        page = priya.on(f"{address}match/", "suggestion-1")
        page = priya.press(page, "suggestion-1")
        left, right = page.boxes("left"), page.boxes("right")
        assert (len(left), len(right)) == (1, 1)
        day = clock.now().date() + timedelta(days=9)
        page = priya.press(page, "match", status=422, left=left, right=right)
        page = priya.press(
            page, "match", left=left, right=right, reason="timing", expected_by=day.isoformat()
        )
        assert "Matched 1 to 1" in page.text

    def _has_its_task(self, priya: Desk, marcus: Desk, here: str) -> None:
        marcus.on(
            "/close/settings/", "add-task", title="Statements are filed", area="payments",
            entity=US, due_day="2",
        )  # fmt: skip
        page = priya.on(here, "begin")
        assert "1 of 1 task is not prepared" in page.text
        assert not page.can("sign")
        (task,) = Task.objects.all()
        assert priya.press(page, f"prepare-{task.pk}").can("sign")
        assert not priya.see(here).can(f"sign-{task.pk}")
        marcus.on(here, f"sign-{task.pk}")

    def _is_signed(self, priya: Desk, marcus: Desk, here: str, before: Seen) -> None:
        """By two who are not the same; what somebody saw before it changed is not signed."""
        changed = priya.press(before, "sign", although=True, confirm="yes", status=422)
        assert "A test changed while you looked at it." in changed.text
        page = priya.see(here)
        assert "US Inc can close: every test is true." in page.text
        soft = priya.press(page, "sign", confirm="yes")
        assert "US Inc waits only for the reviewer’s signature." in soft.text
        twice = priya.press(page, "sign", confirm="yes", status=422)
        assert "Priya Nair has prepared it." in twice.text
        priya.press(page, "sign", role="reviewer", confirm="yes", status=403)
        page = marcus.see(here)
        closed = marcus.press(page, "sign", confirm="yes")
        assert f"US Inc {_month().code} is closed by Marcus Oyelaran." in closed.text
        marcus.press(page, "sign", confirm="yes", status=422)

    def _is_sealed(self, marcus: Desk, page: Seen, file: Path) -> Path:
        assert "It holds" in marcus.press(page, "seal").text
        file.write_bytes(marcus.see(f"{urlsplit(page.address).path}.json").content)
        return file

    def _came_late(self, marcus: Desk, here: str, page: Seen) -> None:
        """Known to billing in the month's last days, told weeks later."""
        seen = marcus.see(f"{here}certificate")
        assert f"{Certificate.objects.get()} is suspended" in seen.text
        assert "It cannot be sealed" not in seen.text
        marcus.press(page, "seal", status=409)
        assert "is closed by Marcus Oyelaran; 1 late event waits." in marcus.see(here).text
        certifying.look()
        assert Notice.objects.filter(kind="certificate_suspended").count() == 2

    def _lands_by_policy(
        self, world: World, priya: Desk, marcus: Desk, here: str, month: AccountingPeriod
    ) -> None:
        page = priya.see(here)
        assert "Date into the next open period Policy" in page.text
        page = priya.press(priya.press(page, "decide-late"), "preview-fix")
        assert "The one open case" in page.text
        priya.press(page, "run-fix")
        _agree(world, marcus)
        assert not world.open_cases()
        entry = JournalEntry.objects.filter(document_type="invoice").latest("pk")
        today = clock.local_date(clock.now(), month.legal_entity.zone)
        assert (entry.accounting_date, entry.document_date) == (
            today.replace(day=1), date.fromisoformat(f"{month.code}-28"),
        )  # fmt: skip
        assert lines(entry)[0] == ("1100", 129_900)
        assert "is closed by Marcus Oyelaran." in priya.see(here).text
        # It is where somebody agreed that it is: no difference, but other figures to sign.
        newest = Run.objects.latest("pk").pk
        _compare(month, ["billing_invoices", "books_invoices", "billing_erp_invoices"])
        assert not Break.objects.filter(state=BreakState.OPEN).exists()
        _sign_off(priya, marcus, Run.objects.filter(pk__gt=newest))

    def _is_reopened_by_nobody_alone(self, priya: Desk, here: str) -> None:
        page = priya.on(here, "reopen", reason="An invoice of it was forgotten.")
        assert not priya.see(f"{page.address}?decide=approve").can("confirm")
        assert _month().state == PeriodState.CLOSED
        assert priya.see(here).text.count("waits for a decision") == 1


def _month() -> AccountingPeriod:
    """The one that ended last, of the US."""
    home = LegalEntity.objects.get(code=US)
    today = clock.local_date(clock.now(), home.zone)
    return AccountingPeriod.objects.filter(legal_entity=home, ends__lt=today).latest("starts")


def _at(*, day: int) -> int:
    """A day of that month, at noon, as the sandbox takes it."""
    starts = _month().starts
    return int(datetime(starts.year, starts.month, day, 16, tzinfo=UTC).timestamp())


def _business(world: World) -> AccountingPeriod:
    """Four customers who paid, each paid out, and one who came after the month."""
    month = _month()
    AccountingPeriod.objects.filter(code__lt=month.code).update(state=PeriodState.CLOSED)
    # The console has asked for what is new since before the month.
    since = [_at(day=1), 1]
    SourceCursor.objects.filter(connection__slug="stripe").update(
        cursor=json.dumps({"events": since, "transactions": since})
    )
    for count in (1, 2, 3, 4):
        day = 4 * count
        world.play("stripe", "customers", quantity=count, at=_at(day=day), **MONTHLY)
        world.play("stripe", "payout", at=_at(day=day + 1))
    world.play("stripe", "customers", pays=None, **MONTHLY)
    world.settle()
    return month


def _compare(month: AccountingPeriod, checks: Sequence[str]) -> None:
    """As every night, some minutes after lists were read last."""
    Load.objects.update(began_at=clock.now() - timedelta(minutes=5))
    for pair in pairs.sync():
        if pair.check_slug in checks and month.legal_entity_id in pairs.entities_of(pair):
            runs.enqueue(
                pair_id=pair.pk, entity_id=month.legal_entity_id, period_code=month.code,
                full=True, by="Nightly",
            )  # fmt: skip
    reconciling.work()


def _sign_off(priya: Desk, marcus: Desk, compared: Iterable[Run]) -> None:
    """Two names under each; whoever gave the first is not offered the second."""
    for run in compared:
        page = priya.on(f"/reconciliation/runs/{run}/", "sign-off")
        assert not page.can("sign-off")
        marcus.on(f"/reconciliation/runs/{run}/", "sign-off")


def _bring_statement(priya: Desk) -> None:
    """One payout by its id, two by their amount, of the last one a part."""
    first, second, third, fourth = Payout.objects.order_by("dated")
    rows = [
        (first, first.source_id, 0), (second, "STRIPE TRANSFER 21", 0),
        (third, "STRIPE TRANSFER 22", 0), (fourth, "STRIPE TRANSFER 23", 2_500),
    ]  # fmt: skip
    text = "date,amount,currency,reference\n" + "".join(
        f"{one.dated},{Money(one.amount - less, 'USD').decimal},USD,{words}\n"
        for one, words, less in rows
    )
    page = priya.see("/reconciliation/lists/")
    wrong = ("bank.csv", text.replace("USD", "DOLLARS").encode())
    assert "Nothing was kept" in priya.press(page, "go", file=wrong, status=422).text
    page = priya.press(page, "go", file=("bank.csv", text.encode()))
    assert "4 rows of House bank are kept" in page.text


def _agree(world: World, manager: Desk) -> None:
    """Somebody else's yes to what was asked last, and what follows."""
    asked = ApprovalRequest.objects.latest("pk")
    page = manager.see(f"/approvals/APR-{asked.pk}/?decide=approve")
    manager.press(page, "confirm", password=PASSWORD)
    while jobs.advance():
        world.settle()
    world.settle()


def _audited(file: Path) -> str:
    """What ``manage.py certificate verify`` says of a file that holds, as an auditor runs it."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    done = subprocess.run(
        [sys.executable, "manage.py", "certificate", "verify", str(file)],
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=90, check=True,
        env=os.environ | {
            "DATABASE_URL": url._replace(path=f"/{name}").geturl(),
            "DJANGO_SETTINGS_MODULE": "revops.settings.local",
            "REVOPS_AUDIT_KEY": settings.REVOPS_AUDIT_KEY,
        },
    )  # fmt: skip
    return done.stdout.strip()


def _verified(file: Path) -> int:
    """The same within this process; how it ends."""
    try:
        call_command("certificate", "verify", str(file), stdout=StringIO())
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
