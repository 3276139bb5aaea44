"""``manage.py tasks``: the timed tasks of a person, in a real browser; prints JSON last."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from playwright.sync_api import Browser, Page, sync_playwright

from approvals.models import ApprovalRequest
from connectors.models import Connection
from exceptions.models import Case
from revops.bench import tasks
from revops.bench.house import ROOT, House, free_port, running
from revops.canonical.models import Invoice, Payout, SupportCase
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import LegalEntity
from revops.pipeline.fixing.maps import MissingMap
from revops.reconciliation.models import Run
from revops.reconciliation.operations import pairs, runs
from revops.sandbox import bank, company, desk

_WHO: Final = company.PEOPLE[0][1]
# Workers remember for some seconds where a connection leads to.
_REMEMBERED_S: Final = 6
_PLAN: Final = {"price": "price_team_yearly", "amount": 1_200_000, "legal_entity": "US-INC"}
_PAID: Final = {"price": "price_team_yearly", "legal_entity": "US-INC"}
_PAID_OUT: Final = (640_000, 410_000, 275_000)
_DEAR: Final = {
    "price": "price_scale_yearly", "amount": 400_000_000, "legal_entity": "US-INC", "pays": None,
}  # fmt: skip
_TAXED: Final = {"price": "price_onboarding", "tax_percent": "6.5"}
_TAX_ACCOUNT: Final = "2100"
_SCENE: Final = desk.Scene("ZD-50001", "The API is slow", "2", "availability", "issued")
_FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


class Command(BaseCommand):
    help = "Clicks, keys and modelled seconds of the timed tasks, beside their goals."

    def handle(self, *args: Any, **options: Any) -> None:
        chromium = shutil.which("chromium")
        if chromium is None:
            raise CommandError("The tasks need Chromium. On Debian: apt-get install chromium")
        # Playwright keeps an event loop in this thread, in which nothing else runs.
        os.environ.update(DJANGO_ALLOW_ASYNC_UNSAFE="true")
        company.seed()
        desk.seed()
        with running() as house, _billing(house) as billing:
            self.stderr.write(f"Making two causes of {tasks.CASES} cases each")
            months = _late_months()
            for number, month in enumerate(months, start=1):
                _close(house, billing, month, wanted=number * tasks.CASES)
            results = _work(house, billing, chromium, months)
        for line in tasks.lines(results):
            self.stdout.write(line)
        self.stdout.write(json.dumps({"tasks": [one.as_dict() for one in results]}))
        if not all(one.reached for one in results):
            raise CommandError("A task missed its goal.")


@contextmanager
def _beat() -> Iterator[None]:
    """What makes workers look around; jobs go on by it."""
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "revops", "beat", "--loglevel", "WARNING",
             "--pidfile", "", "--schedule", f"{folder}/schedule"],
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "revops.settings.local"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            child.terminate()
            child.wait(15)


@contextmanager
def _billing(house: House) -> Iterator[str]:
    """Where the billing sandbox answers, which tells the running console what happens there."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", "serve", "--only", company.STRIPE,
         "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"REVOPS_PORT": str(house.web_port)},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for slug, where in (
        (company.STRIPE, url),
        (company.ERP, f"http://127.0.0.1:{house.erp_port}"),
    ):
        Connection.objects.filter(slug=slug).update(base_url=where, control_url=where)
    try:
        _until(lambda: _answers(f"{url}/_control/state"))
        time.sleep(_REMEMBERED_S)
        yield url
    finally:
        child.terminate()
        child.wait(15)


def _late_months() -> list[datetime]:
    """A day in each of the two months before this one."""
    last = clock.now().replace(day=1, hour=12) - timedelta(days=10)
    return [last, last.replace(day=1) - timedelta(days=10)]


def _close(house: House, billing: str, day: datetime, *, wanted: int) -> None:
    """
    Close the day's month in the ERP, bill customers in it, and wait for their cases. What they
    buy is earned at once: a subscription would bring its recognition into the queue as well.
    """
    _switch(house, day, "closed")
    play = f"{billing}/_control/scenario"
    with httpx.Client(timeout=30) as client:
        known = client.post(f"{play}/customers", json={"count": 8, "pays": None} | _PLAN).json()
        for number in range(tasks.CASES):
            bought = {
                "customer": known["made"][number % 8]["customer"], "at": int(day.timestamp()),
                "amount": 90_000 + 1_000 * number, "price": "price_onboarding",
            }  # fmt: skip
            client.post(f"{play}/issue", json=bought).raise_for_status()
    _until(lambda: _cases().count() >= wanted)


def _break_a_promise(billing: str) -> None:
    """A customer who pays enough for a credit of USD 1,200.00, and a case that missed its SLA."""
    with httpx.Client(timeout=30) as client:
        began = int((clock.now() - timedelta(days=2)).timestamp())
        play = f"{billing}/_control/scenario/customers"
        made = client.post(play, json=_DEAR | {"at": began}).json()["made"]
    invoices = Invoice.objects.filter(source_id=made[0]["invoice"])
    _until(invoices.exists)
    desk.tell([(_SCENE, invoices.get())])
    _until(SupportCase.objects.filter(source_id=_SCENE.number).exists)


def _tax(billing: str) -> str:
    """The key of a cause: invoices taxed by a code that nobody has mapped."""
    play = f"{billing}/_control/scenario"
    with httpx.Client(timeout=30) as client:
        made = client.post(f"{play}/customers", json=_PLAN).json()["made"][0]
        for number in range(tasks.CASES):
            bought = {"customer": made["customer"], "amount": 900_000 + 1_000 * number} | _TAXED
            client.post(f"{play}/issue", json=bought).raise_for_status()
    cases = Case.objects.filter(kind="mapping_missing", state="open")
    _until(lambda: cases.count() >= tasks.CASES)
    return cases.latest("pk").cause_key


def _fix(browser: Browser, house: House, page: Page, billing: str) -> list[tasks.Done]:
    """Priya fills in the account and Marcus agrees; workers retry, and the ERP confirms."""
    cause = _tax(billing)
    fixed = tasks.fix_a_cause(page, account=_TAX_ACCOUNT)
    request = ApprovalRequest.objects.filter(subject="mapping_change").latest("pk")

    def posted() -> bool:
        earlier = MissingMap().earlier(cause, at=clock.now())
        return bool(earlier) and earlier[0].confirmed == tasks.CASES

    marcus = _page_of(browser, house, "marcus")
    link = f"/approvals/APR-{request.pk}/"
    return [fixed, tasks.approve_a_fix(marcus, link=link, posted=posted)]


def _page_of(browser: Browser, house: House, first_name: str) -> Page:
    """A browser of somebody's own, signed in."""
    name = next(who for mail, who, _ in company.PEOPLE if mail.startswith(first_name))
    page = browser.new_context(
        base_url=f"http://127.0.0.1:{house.web_port}", viewport={"width": 1280, "height": 800}
    ).new_page()
    page.goto("/sign-in/")
    page.get_by_role("button", name=name).click()
    page.wait_for_selector("main h1")
    return page


def _credit(browser: Browser, house: House) -> list[tasks.Done]:
    """Tom asks and Marcus decides, each in a browser of their own."""
    case = SupportCase.objects.select_related("invoice").get(source_id=_SCENE.number)
    pages = [_page_of(browser, house, name) for name in ("tom", "marcus")]
    asked = tasks.ask_for_a_credit(
        pages[0], invoice=f"/records/invoice/{case.invoice_id}/", amount="1200.00",
        ticket=_SCENE.number,
    )  # fmt: skip
    request = ApprovalRequest.objects.filter(subject="service_credit").latest("pk")
    return [asked, tasks.approve_a_credit(pages[1], link=f"/approvals/APR-{request.pk}/")]


def _payouts(billing: str) -> Run:
    """Three payouts of ten days ago, of which the bank shows two without their ids; compared."""
    day = clock.now() - timedelta(days=10)
    at = {"at": int(day.timestamp())}
    with httpx.Client(timeout=60) as client:
        play = f"{billing}/_control/scenario"
        for amount in _PAID_OUT:
            client.post(f"{play}/customers", json={"count": 1, "amount": amount} | _PAID | at)
            client.post(f"{play}/payout", json={"currency": "usd", "days": 0} | at)
    _until(lambda: Payout.objects.count() >= len(_PAID_OUT))
    bank.play()
    pair = next(one for one in pairs.sync() if one.check_slug == "bank_payouts")
    entity = LegalEntity.objects.get(code="US-INC")
    return runs.run(
        pair_id=pair.pk, entity_id=entity.pk, period_code=f"{day:%Y-%m}", full=True, by="tasks"
    )


def _work(
    house: House, billing: str, chromium: str, months: Sequence[datetime]
) -> list[tasks.Done]:
    invoice = _an_invoice_of(months[0])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        page = browser.new_page(
            base_url=f"http://127.0.0.1:{house.web_port}", viewport={"width": 1280, "height": 800}
        )
        page.goto("/sign-in/")
        page.get_by_role("button", name=_WHO).click()
        page.wait_for_selector("#find")
        why = f"period {months[0]:%Y-%m} is closed"
        found = tasks.find_why(page, start="/playbooks/", invoice=invoice, why=why)
        # The browser has an event loop in this thread, and lists are asked for by one of their own.
        with ThreadPoolExecutor(1) as beside:
            run = beside.submit(_payouts, billing).result()
        signed = tasks.clear_breaks(page, run=f"/reconciliation/runs/REC-{run.number}/")
        answered = tasks.can_it_close(_page_of(browser, house, "marcus"), entity="US-INC")
        for month in months:
            _switch(house, month, "open")
        _break_a_promise(billing)
        credit = _credit(browser, house)
        cleared = [tasks.clear_a_cause_by_mouse(page), tasks.clear_a_cause_by_keys(page)]
        # Jobs need the beat. Earlier, it would raise the credit that a person asks for.
        with _beat():
            fixed = _fix(browser, house, page, billing)
        browser.close()
    return [*cleared, *fixed, *credit, found, signed, answered]


def _an_invoice_of(month: datetime) -> str:
    case = _cases().filter(period_code=f"{month:%Y-%m}").latest("pk")
    entry = JournalEntry.objects.get(pk=case.record_id or 0)
    return Invoice.objects.get(pk=entry.record_id or 0).number


def _cases() -> QuerySet[Case]:
    return Case.objects.filter(kind="period_closed", state="open")


def _switch(house: House, day: datetime, state: str) -> None:
    door = f"http://127.0.0.1:{house.erp_port}/_control/periods"
    httpx.post(door, json={f"{day:%Y-%m}": state}, timeout=10).raise_for_status()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _until(happened: Callable[[], object], *, seconds: float = 120) -> None:
    stop = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > stop:
            raise CommandError("The console did not make the cases that the tasks need.")
        time.sleep(0.2)
