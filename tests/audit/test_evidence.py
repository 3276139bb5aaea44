"""A trail that does not hold is a case, and people are told; a trail that holds again ends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from accounts.models import User
from exceptions.models import Case
from revops.audit import keeping
from revops.audit.models import Event
from revops.audit.operations import Object, record_each
from revops.kernel.actor import system
from revops.notices.models import Notice
from revops.pipeline import evidence
from tests.audit import test_tampering as drill
from tests.audit.unguarded import unguarded
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def trail(tmp_path: Path, settings: LazySettings) -> None:
    settings.REVOPS_AUDIT_ANCHORS = tmp_path / "anchors"
    held = [Object(f"EXC-{n}", f"Case {n}", after={"n": n}) for n in range(1, drill.ACTS + 1)]
    for part in (held[:8], held[8:]):
        record_each("cases.retry", by=system("drill"), kind="case", held=part)
        keeping.anchor()


def the_case() -> Case:
    return Case.objects.get(kind=evidence.KIND)


class TestVerifyingEveryNight:
    def test_a_whole_trail_makes_no_case(self) -> None:
        evidence.verify()
        assert not Case.objects.exists()
        assert Event.objects.latest("seq").action == "audit.verify"

    @pytest.mark.parametrize(
        "tamper",
        [
            drill.edit, drill.edit_the_detail, drill.delete_from_the_middle, drill.cut_the_tail,
            drill.swap, drill.chain_anew,
        ],
    )  # fmt: skip
    def test_each_way_to_tamper_makes_a_case_with_what_was_found(
        self, tamper: Callable[[], None]
    ) -> None:
        tamper()
        evidence.verify()
        case = the_case()
        assert (case.state, case.owner_team) == ("open", "Finance")
        assert case.blocked_steps == ["Sign off the close"]
        assert case.what_happened.endswith(".")

    def test_those_who_answer_for_it_are_told_once(
        self, mona: User, rae: User, adam: User, sue: User
    ) -> None:
        drill.edit()
        evidence.verify()
        evidence.verify()
        told = {row.recipient.email: row.link for row in Notice.objects.all()}
        assert told == {
            mona.email: f"/exceptions/EXC-{the_case().pk}/",
            rae.email: "/audit/",
            adam.email: "/playbooks/audit_trail_broken/",
        }
        assert Notice.objects.count() == 3
        assert the_case().occurrences == 2

    def test_they_may_open_what_they_are_led_to(
        self, sign_in: SignIn, mona: User, rae: User, adam: User
    ) -> None:
        drill.edit()
        evidence.verify()
        for person in (mona, rae, adam):
            link = Notice.objects.get(recipient=person).link
            assert sign_in(person).get(link).status_code == 200

    def test_a_trail_that_holds_again_ends_the_case(self, sign_in: SignIn, rae: User) -> None:
        with unguarded() as cursor:
            cursor.execute("UPDATE audit_event SET actor = 'user:1' WHERE seq = 5")
        evidence.verify()
        with unguarded() as cursor:
            cursor.execute("UPDATE audit_event SET actor = 'system:drill' WHERE seq = 5")
        assert sign_in(rae).post("/audit/verify").status_code == 302
        assert the_case().state == "resolved"
