"""Figures of comparisons go when they are old, replaced, and nobody put a name to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from django.test import override_settings

from accounts.models import User
from revops.close.models import Certificate
from revops.kernel import clock
from revops.kernel.actor import system
from revops.pipeline.privacy.retaining import retain
from revops.reconciliation.models import Load, Run, SignOff
from tests.conftest import SignIn
from tests.reconciliation.lists import CHECK, Lists, declared

pytestmark = pytest.mark.django_db

BY: Final = system("test", "Test")
RUNS: Final = "reconciliation_run: figures, error"
LISTS: Final = "reconciliation_load: totals"


@pytest.fixture
def lists() -> Lists:
    """One run that is 401 days old, and a newer one that replaced it."""
    made = Lists()
    made.both("I-1")
    old = made.run()
    Run.objects.filter(pk=old.pk).update(ended_at=clock.now() - timedelta(days=401))
    made.run()
    return made


def old() -> Run:
    return Run.objects.order_by("pk")[0]


class TestFigures:
    def test_of_an_old_run_that_was_replaced_go_and_its_digest_stays(
        self, lists: Lists, ana: User, sign_in: SignIn
    ) -> None:
        digest = old().evidence
        assert retain(by=BY)[RUNS] == 1
        assert (old().figures, old().evidence) == ({}, digest)
        assert Run.objects.latest("pk").figures
        with declared(CHECK):
            page = sign_in(ana).get(f"/reconciliation/runs/REC-{old().number}/").content.decode()
        assert "Its figures are gone" in page

    def test_of_the_newest_run_stay_however_old(self, lists: Lists) -> None:
        Run.objects.exclude(pk=old().pk).delete()
        assert retain(by=BY)[RUNS] == 0

    def test_of_a_signed_run_stay(self, lists: Lists, ana: User) -> None:
        run = old()
        SignOff.objects.create(
            pair=run.pair, legal_entity=run.legal_entity, period_code=run.period_code, run=run,
            role="preparer", by=ana, at=clock.now(), figures_sha256="0" * 64,
            suspended_at=clock.now(),
        )  # fmt: skip
        assert retain(by=BY)[RUNS] == 0

    def test_of_a_run_that_a_certificate_names_stay(self, lists: Lists, ana: User) -> None:
        run = old()
        Certificate.objects.create(
            legal_entity=run.legal_entity, period_code=run.period_code, sealed_by=ana,
            body=f'{{"sealed":{{"runs":[{{"run":"REC-{run.number}"}}]}}}}', evidence="0" * 64,
            signature="x", key="k", sealed_at=clock.now(), checked_at=clock.now(),
            period_state="closed",
        )  # fmt: skip
        assert retain(by=BY)[RUNS] == 0


def test_totals_of_lists_that_newer_ones_followed_go(lists: Lists) -> None:
    now = clock.now()
    for days in (401, 402, 1):
        Load.objects.create(
            connection=lists.left, kind="invoice", starts=now.date(), ends=now.date(),
            state="done", began_at=now, ended_at=now - timedelta(days=days), by="test",
            totals=[["NW-US", "USD", "open", 1, 5]],
        )  # fmt: skip
    with override_settings(REVOPS_RETAIN_RUN_DAYS=0):
        assert retain(by=BY)[LISTS] == 2
    assert Load.objects.latest("pk").totals
