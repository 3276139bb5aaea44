"""The demo company has closes behind it, and one before it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from revops.close.board import current
from revops.close.models import PeriodSignOff, TaskTemplate
from revops.close.queries.trends import closed
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod
from revops.sandbox import closes, company

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("turning", [False, True], ids=["now", "new year in London only"])
def test_the_demo_company_has_closed_and_has_a_month_to_close(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, turning: bool
) -> None:
    settings.REVOPS_DEMO = True
    if turning:
        at = datetime(clock.now().year + 1, 1, 1, 4, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: at)
    company.seed()
    for _ in range(2):
        closes.seed()

    assert TaskTemplate.objects.count() == 5
    rows = closed(entity="US-INC")
    assert [row.took for row in rows] == [3, 3, 4, 5, 5, 6]
    assert [row.in_time for row in rows[:3]] == [True, True, False]
    assert PeriodSignOff.objects.count() == 36
    now = clock.now()
    code = current(now)
    assert AccountingPeriod.objects.filter(code=code, state="open").count() == 3
    page = Client()
    page.force_login(User.objects.get(email="marcus@demo.example"))
    for address in ("/close/", "/close/trends/", "/close/settings/", f"/close/{code}/US-INC/"):
        assert page.get(address).status_code == 200, address
