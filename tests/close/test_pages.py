"""The pages of the close, and what people do on them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from exceptions.models import Cause
from revops.close.models import PeriodSignOff, Task, TaskTemplate
from revops.close.operations import settings, tasks
from revops.mappings.models import AccountingPeriod
from tests.close.kit import AT, PERIOD, a_blocker, an_ended_period, is_now, ready, worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    is_now(monkeypatch)


def as_(name: str) -> Client:
    client = Client()
    client.force_login(worker(name))
    return client


def seen(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[-3000:]
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


class TestPeriod:
    def test_answers_the_four_questions(self) -> None:
        period = an_ended_period()
        Cause.objects.create(key="c" * 16, kind="refused", sentence="The ERP says no", first_at=AT)
        a_blocker(period.legal_entity, cause_key="c" * 16, at_stake=23_141_020)
        an_ended_period("NW-UK", name="Northwind UK", functional_currency="GBP")

        page = seen(as_("mona"), "/close/")

        assert (
            "1 of 2 legal entities can close; Northwind NW-US is blocked by USD 231,410.20" in page
        )
        assert "Where are we?" in page
        assert "1 owner" in page
        assert "1 case, 1 cause" in page
        assert "The ERP says no" in page
        assert 'href="/close/2026-10/NW-US/"' in page

    def test_without_a_calendar_says_so(self) -> None:
        assert "There is no period to close yet" in seen(as_("mona"), "/close/")

    def test_says_of_nobody_that_it_can_close_while_people_have_tasks(self) -> None:
        an_ended_period()
        an_ended_period("NW-UK", name="Northwind UK", functional_currency="GBP")
        settings.set_template(
            title="Statements loaded", area="payments", due_day=1, by=worker("mona")
        )
        tasks.roll(ready(AccountingPeriod.objects.filter(code=PERIOD).latest("pk")).closing)

        page = seen(as_("mona"), "/close/")

        assert "1 of 2 legal entities can close; none is blocked." in page
        assert "Northwind UK waits only for its people." in page

    def test_chases_people_for_tasks_and_says_how_late_they_are(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity, owner_team="Finance")
        settings.set_template(title="Statements", area="payments", due_day=1, by=worker("mona"))
        settings.set_template(
            title="Journals", area="payments", due_day=1, by=worker("mona"), preparer=worker("ana")
        )
        tasks.roll(ready(period).closing)
        reviewed = Task.objects.get(preparer=worker("ana"))
        ana = as_("ana")

        page = seen(ana, "/close/")
        assert "2 owners, 2 late" in page
        assert "1 case, 1 task, <span" in page
        assert ">1 late, up to 1 day<" in page
        ana.post(f"/close/2026-10/NW-US/tasks/{reviewed.pk}", {"to": "prepared"})
        assert "<dt>A manager</dt><dd>1 task, " in seen(ana, "/close/")

    def test_as_a_file_has_a_line_for_each_area(self) -> None:
        an_ended_period()
        answer = as_("mona").post("/close/close.csv")
        lines = b"".join(answer).decode().splitlines()
        assert len(lines) == 9
        assert "Billing sync" in lines[1]


class TestEntity:
    def test_of_nobody_is_not_found(self) -> None:
        an_ended_period()
        seen(as_("mona"), "/close/2026-10/NOBODY/", 404)

    def test_shows_tests_tasks_and_who_signs(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity)
        page = seen(as_("ana"), "/close/2026-10/NW-US/")

        assert "cannot close yet: 1 test blocks, worth USD 100.00" in page
        assert "Every journal can be posted" in page
        assert "Sign off 2026-10 as preparer" in page
        assert "disabled" in page

    def test_is_prepared_by_one_and_closed_by_another(self) -> None:
        period = an_ended_period()
        settings.set_template(
            title="Statements loaded", area="payments", due_day=1, by=worker("mona")
        )
        ana, mona = as_("ana"), as_("mona")
        here = "/close/2026-10/NW-US/"

        ana.post(f"{here}tasks")
        task = Task.objects.get()
        assert sign(ana, period, "preparer").status_code == 422
        ana.post(f"{here}tasks/{task.pk}", {"to": "prepared"})
        mona.post(f"{here}tasks/{task.pk}", {"to": "signed"})
        assert sign(ana, period, "preparer").status_code == 302
        assert AccountingPeriod.objects.get(pk=period.pk).state == "soft_closed"
        assert sign(mona, period, "reviewer").status_code == 302

        assert AccountingPeriod.objects.get(pk=period.pk).state == "closed"
        assert "is closed by Mona Patel" in seen(mona, here)
        assert PeriodSignOff.objects.filter(suspended_at__isnull=True).count() == 2

    def test_says_that_a_test_is_not_true_when_somebody_signs_all_the_same(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity)
        answer = sign(as_("ana"), period, "preparer")
        assert answer.status_code == 422
        assert "Not true yet: Every journal can be posted" in answer.content.decode()

    def test_leads_an_asked_waiver_to_its_approval(self) -> None:
        period = an_ended_period()
        a_blocker(period.legal_entity)
        answer = as_("ana").post(
            "/close/2026-10/NW-US/waive", {"test": "posted", "reason": "It is a rounding of cents."}
        )
        assert answer.status_code == 302
        assert answer["Location"].startswith("/approvals/APR-")


class TestOthers:
    def test_trends_say_when_they_fill(self) -> None:
        an_ended_period()
        assert "Too few closes to compare" in seen(as_("rae"), "/close/trends/")

    def test_settings_are_changed_by_managers(self) -> None:
        an_ended_period()
        mona = as_("mona")
        answer = mona.post(
            "/close/settings/calendar",
            {"entity": "NW-US", "target_days": "5", "holidays": "2026-11-26"},
        )
        assert answer.status_code == 302
        page = seen(mona, "/close/settings/")
        assert "WD+5, 1 holiday" in page
        wrong = mona.post(
            "/close/settings/calendar", {"entity": "NW-US", "target_days": "5", "holidays": "soon"}
        )
        assert wrong.status_code == 422
        assert as_("ana").post("/close/settings/calendar").status_code == 403

    def test_a_task_of_every_close_is_edited_into_its_next_version(self) -> None:
        an_ended_period()
        made = settings.set_template(
            title="Statements loaded", area="payments", due_day=0, by=worker("mona")
        )
        mona = as_("mona")
        page = seen(mona, f"/close/settings/?edit={made.slug}")
        assert "Change “Statements loaded”" in page
        assert 'value="0" required' in page
        typed = {"slug": made.slug, "title": "Statements and fees loaded", "area": "payments"}
        more = {"due_day": "1", "preparer": str(worker("ana").pk), "reviewer": ""}
        assert mona.post("/close/settings/template", typed | more).status_code == 302
        newest = TaskTemplate.objects.get(slug=made.slug, retired_at__isnull=True)
        assert (newest.version, newest.title, newest.preparer) == (
            2, "Statements and fees loaded", worker("ana"),
        )  # fmt: skip
        assert "edit=" not in seen(as_("ana"), "/close/settings/")


def sign(client: Client, period: AccountingPeriod, role: str) -> Any:
    digest = ready(period).digest
    return client.post(
        f"/close/{PERIOD}/NW-US/sign", {"role": role, "confirm": "yes", "seen": digest}
    )


class TestHome:
    def test_of_a_manager_says_whether_we_can_close_and_who_does_what(self) -> None:
        period = an_ended_period()
        Cause.objects.create(key="d" * 16, kind="refused", sentence="The ERP says no", first_at=AT)
        a_blocker(period.legal_entity, cause_key="d" * 16, owner_team="Finance", due_at=AT)
        page = seen(as_("mona"), "/")

        assert "Northwind NW-US cannot close yet: 1 test blocks, worth USD 100.00." in page
        assert "The ERP says no" in page
        assert "Approvals waiting for you" in page
        assert "1 today, 1 at most" in page
        assert 'id="next-NW-US"' in page

    def test_of_a_ready_entity_asks_nobody_to_see_what_is_left(self) -> None:
        period = an_ended_period()
        mona = as_("mona")
        page = seen(mona, "/")
        assert "Have it prepared" in page
        assert "See what is left" not in page
        AccountingPeriod.objects.filter(legal_entity=period.legal_entity, code="2026-09").update(
            state="open"
        )
        assert "See what is left" in seen(mona, "/?period=2026-10")

    def test_of_others_is_as_it_was(self) -> None:
        an_ended_period()
        assert "Who does what to get there" not in seen(as_("ana"), "/")
