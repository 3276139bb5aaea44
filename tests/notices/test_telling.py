"""Who is told what, how they want it, and when their summary is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Assignment, BreakGlass, User
from approvals import news
from revops.delivery.models import OutboundCommand
from revops.kernel import clock, strict_json
from revops.notices import operations, queries
from revops.notices.hours import next_due
from revops.notices.kinds import KINDS, KindUnknown
from revops.notices.models import Notice, Summary
from revops.pipeline import hearing, notifying
from tests.factories import a_connection, a_legal_entity

pytestmark = pytest.mark.django_db


def tell(*people: User, **given: Any) -> int:
    return operations.tell(
        **{
            "recipients": [one.pk for one in people], "kind": "approval_asked",
            "title": "APR-12: a credit", "text": "It waits for you.",
            "link": "/approvals/APR-12/", "key": "approvals:12:1:1:asked",
        } | given
    )  # fmt: skip


def wish(person: User, *, hour: int = 8, chat: tuple[str, ...] = (), **mail: str) -> None:
    usual = {slug: kind.mail for slug, kind in KINDS.items()}
    operations.wish(by=person, mail=usual | mail, chat=chat, hour=hour)


@pytest.fixture
def mailbox(db: None) -> Any:
    a_legal_entity("NW-US")
    return a_connection("email", "email")


def commands() -> list[dict[str, Any]]:
    return [strict_json.loads(one.payload) for one in OutboundCommand.objects.order_by("pk")]


class TestTelling:
    def test_tells_each_person_once_however_often_it_is_said(self, ana: User, mona: User) -> None:
        assert tell(ana, mona) == 2
        assert tell(ana, mona) == 0
        assert queries.unread_count(ana) == queries.unread_count(mona) == 1

    def test_tells_nobody_who_left(self, ana: User) -> None:
        ana.is_active = False
        ana.save()
        assert tell(ana) == 0

    def test_refuses_what_no_screen_explains_and_links_that_lead_away(self, ana: User) -> None:
        with pytest.raises(KindUnknown):
            tell(ana, kind="weather")
        for link in ("https://example.com/", "//example.com/", "approvals"):
            with pytest.raises(ValueError, match="path of this console"):
                tell(ana, link=link)

    def test_marks_only_ones_own_as_read(self, ana: User, mona: User) -> None:
        tell(ana, mona)
        theirs = Notice.objects.get(recipient=mona)
        assert operations.mark_read(by=ana, ids=[theirs.pk]) == 0
        assert operations.mark_read(by=ana) == 1
        assert (queries.unread_count(ana), queries.unread_count(mona)) == (0, 1)


class TestWishes:
    def test_decide_which_way_a_notice_goes(self, ana: User, mona: User, rob: User) -> None:
        wish(mona, approval_asked="digest")
        wish(rob, approval_asked="no", chat=("approval_asked",))
        tell(ana, mona, rob)
        ways = {one.recipient: (one.mail, one.chat) for one in Notice.objects.all()}
        assert ways == {ana: ("now", "no"), mona: ("digest", "no"), rob: ("no", "now")}

    def test_are_refused_when_they_are_none(self, ana: User) -> None:
        refused: tuple[dict[str, Any], ...] = (
            {"hour": 24}, {"approval_asked": "hourly"}, {"weather": "now"},
        )  # fmt: skip
        for wrong in refused:
            with pytest.raises(operations.WishRefused):
                wish(ana, **wrong)


class TestHandingOver:
    def test_makes_one_mail_for_each_notice_and_none_again(
        self, mailbox: Any, ana: User, mona: User
    ) -> None:
        tell(ana, mona, entity="NW-US")
        assert notifying.hand_over() == 2
        assert notifying.hand_over() == 0
        mails = commands()
        assert {one["to"] for one in mails} == {"ana@example.com", "mona@example.com"}
        assert mails[0]["link"].endswith("/approvals/APR-12/")
        assert mails[0]["link"].startswith("http")
        assert not Notice.objects.filter(mailed_at=None).exists()

    def test_tells_the_channel_once_whomever_it_concerns(self, ana: User, mona: User) -> None:
        a_legal_entity("NW-US")
        a_connection("slack", "slack")
        tell(ana, mona, kind="break_glass")
        assert notifying.hand_over() == 1
        (message,) = commands()
        assert message["who"] == "For Ana Lima, Mona Patel"

    def test_waits_for_a_connection_but_sends_no_old_news(self, ana: User) -> None:
        a_legal_entity("NW-US")
        tell(ana)
        tell(ana, key="old")
        Notice.objects.filter(key="old").update(created_at=clock.now() - timedelta(days=4))
        assert notifying.hand_over() == 0
        a_connection("email", "email")
        assert notifying.hand_over() == 1
        assert {one.key: one.mail for one in Notice.objects.all()} == {
            "approvals:12:1:1:asked": "handed", "old": "late",
        }  # fmt: skip


class TestSummary:
    def test_comes_once_a_day_with_what_is_unread(self, mailbox: Any, ana: User) -> None:
        wish(ana, approval_asked="digest")
        for number in range(3):
            tell(ana, key=f"asked:{number}", title=f"APR-{number}: a credit")
        operations.mark_read(by=ana, ids=[Notice.objects.get(key="asked:1").pk])
        assert notifying.summarize() == 0, "it is not due yet"
        Summary.objects.update(next_at=clock.now())
        assert notifying.summarize() == 1
        (mail,) = commands()
        assert mail["subject"].startswith("2 unread notices on ")
        assert "APR-0:" in mail["text"]
        assert "APR-1:" not in mail["text"]
        tell(ana, key="asked:4")
        Summary.objects.update(next_at=clock.now())
        assert notifying.summarize() == 0, "one a day, whoever moves the clock"
        assert Summary.objects.get().next_at > clock.now()

    def test_does_not_come_for_nothing(self, mailbox: Any, ana: User) -> None:
        wish(ana)
        Summary.objects.update(next_at=clock.now())
        assert notifying.summarize() == 0
        assert Summary.objects.get().next_at > clock.now()

    @pytest.mark.parametrize(
        ("after", "zone", "due"),
        [
            ("2026-01-15T06:59:59", "Europe/Berlin", "2026-01-15T07:00:00"),
            ("2026-01-15T07:00:00", "Europe/Berlin", "2026-01-16T07:00:00"),
            ("2026-03-28T12:00:00", "Europe/Berlin", "2026-03-29T06:00:00"),
            ("2026-01-15T12:00:00", "America/New_York", "2026-01-15T13:00:00"),
            ("2026-01-15T12:00:00", "Nowhere/At_All", "2026-01-16T08:00:00"),
        ],
    )
    def test_is_due_at_eight_oclock_of_the_persons_own_zone(
        self, after: str, zone: str, due: str
    ) -> None:
        found = next_due(after=datetime.fromisoformat(after).replace(tzinfo=UTC), zone=zone, hour=8)
        assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


class TestHearing:
    def test_hears_what_approvals_tell(self, mona: User) -> None:
        news.tell(
            news.News(
                kind="asked", recipients=[mona.pk], title="APR-3: x", text="It waits for you.",
                link="/approvals/APR-3/", entity="NW-US", key="approvals:3:1:1:asked",
            )
        )  # fmt: skip
        (notice,) = Notice.objects.all()
        assert (notice.recipient, notice.kind, notice.entity) == (mona, "approval_asked", "NW-US")

    def test_tells_of_break_glass_first_who_may_grant_it_then_who_watches(
        self, rob: User, mona: User, adam: User, rae: User, ana: User
    ) -> None:
        glass = BreakGlass.objects.create(
            asked_by=rob, actions=["cases.retry"], minutes=30, reason="The ERP came back."
        )
        hearing.look_at_emergencies()
        hearing.look_at_emergencies()
        assert {one.recipient for one in Notice.objects.all()} == {mona, adam}
        BreakGlass.objects.filter(pk=glass.pk).update(
            granted_by=adam, granted_at=clock.now(), ends_at=clock.now() + timedelta(minutes=30)
        )
        hearing.look_at_emergencies()
        told = Notice.objects.filter(key__endswith=":granted")
        assert {one.recipient: one.link for one in told} == {
            adam: "/break-glass/", rae: "/audit/",
        }  # fmt: skip
        assert set(told.values_list("chat", flat=True)) == {"now"}

    def test_counts_nobody_whose_role_has_ended(self, adam: User) -> None:
        from accounts.roles import Role

        Assignment.objects.update(valid_to=clock.now())
        later = clock.now() + timedelta(seconds=1)
        assert hearing.holders(frozenset({Role.ADMIN}), at=later) == set()
