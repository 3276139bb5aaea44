"""Windows of each week: announced, seen, kept by the gate, and ended."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from connectors.models import Connection
from revops.alerts import measures
from revops.alerts.queries.reading import read
from revops.audit.models import Event
from revops.console.connections.queries.rows import one
from revops.console.connections.story import story
from revops.console.connections.weekly import told
from revops.delivery import gates
from revops.delivery.models import OutboundCommand, WeeklyWindow
from revops.delivery.queries import CANNOT_SEND, health
from revops.delivery.weekly import Weekly
from revops.kernel import clock
from revops.store import sql
from tests.conftest import SignIn
from tests.connections.kit import an_erp, stopped, text_of, waiting

KOLKATA = ZoneInfo("Asia/Kolkata")
HOUR = timedelta(hours=1)
SUNDAY = {"day": "6", "since": "04:00", "until": "04:30", "zone": "Europe/Berlin"}


def a_window(erp: Connection, *, since: timedelta, length: timedelta = HOUR) -> WeeklyWindow:
    """One that began so long ago, in a zone whose clocks never change."""
    begins = clock.now().astimezone(KOLKATA) - since
    return WeeklyWindow.objects.create(
        connection=erp, day=begins.weekday(), starts=begins.time().replace(second=0, microsecond=0),
        minutes=length // timedelta(minutes=1), zone="Asia/Kolkata", announced_by="Ines",
        announced_at=clock.now(), note="Backup",
    )  # fmt: skip


@pytest.mark.django_db
class TestAnnouncing:
    def test_keeps_it_and_says_when_it_comes(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        page = sign_in(rob).post(
            "/connections/erp/weekly/", SUNDAY | {"note": "Backup"}, follow=True
        )
        words = text_of(page)
        assert "Saved: nothing is sent to ERP each Sunday 04:00 to 04:30, Europe/Berlin." in words
        assert "Each Sunday 04:00 to 04:30" in words
        assert "Europe/Berlin. Backup" in words
        assert gates.read(erp.pk)[0].weekly == (Weekly(6, time(4), 30, "Europe/Berlin"),)
        act = Event.objects.get(action="connections.weekly")
        assert (act.reference, act.kind) == ("erp", "connection")
        assert "Sunday 04:00 to 04:30" in act.detail

    def test_takes_an_earlier_end_for_one_of_the_day_after(
        self, sign_in: SignIn, rob: User
    ) -> None:
        an_erp()
        values = SUNDAY | {"since": "23:30", "until": "01:00"}
        page = sign_in(rob).post("/connections/erp/weekly/", values, follow=True)
        assert WeeklyWindow.objects.get().minutes == 90
        assert "Each Sunday 23:30 to 01:00 the day after" in text_of(page)

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ({"until": "04:00"}, "It must end at another time than it begins."),
            ({"since": ""}, "Say when it begins."),
            ({"until": "soon"}, "Say when it ends."),
            ({"zone": "Berlin"}, "“Berlin” is no time zone"),
            ({"zone": ""}, "Say whose clock it goes by."),
            ({"day": "7"}, "Choose a day."),
        ],
    )
    def test_must_make_sense(
        self, sign_in: SignIn, rob: User, typed: dict[str, str], problem: str
    ) -> None:
        an_erp()
        page = sign_in(rob).post("/connections/erp/weekly/", SUNDAY | typed)
        assert page.status_code == 422
        assert problem in page.content.decode()
        assert not WeeklyWindow.objects.exists()

    def test_of_the_same_hour_twice_is_refused(self, sign_in: SignIn, rob: User) -> None:
        an_erp()
        browser = sign_in(rob)
        browser.post("/connections/erp/weekly/", SUNDAY)
        again = browser.post("/connections/erp/weekly/", SUNDAY | {"until": "05:00"})
        assert again.status_code == 409
        assert WeeklyWindow.objects.get().minutes == 30

    def test_several_stand_beside_each_other_until_there_are_too_many(
        self, sign_in: SignIn, rob: User
    ) -> None:
        an_erp()
        browser = sign_in(rob)
        for hour in range(15):
            answer = browser.post("/connections/erp/weekly/", SUNDAY | {"since": f"{hour:02}:10"})
        assert answer.status_code == 409
        assert WeeklyWindow.objects.count() == 14


@pytest.mark.django_db
class TestWhileItIsOn:
    def test_nothing_is_sent_and_the_page_says_until_when(self, sign_in: SignIn, rob: User) -> None:
        rob.zone = "Asia/Kolkata"
        rob.save()
        erp = an_erp()
        window = a_window(erp, since=HOUR / 2)
        ends = (datetime.combine(clock.now(), window.starts) + HOUR).time()
        assert gates.allow(erp.pk, most=10).why == "weekly window"
        words = text_of(sign_in(rob).get("/connections/erp/"))
        assert f"In its weekly window until {ends:%H:%M}" in words
        assert "The weekly window began. Postings wait." in words

    def test_a_trial_is_refused(self, sign_in: SignIn, rob: User) -> None:
        a_window(an_erp(**stopped()), since=HOUR / 2)
        answer = sign_in(rob).post("/connections/erp/trial/")
        assert answer.status_code == 409
        assert "in its weekly window" in answer.content.decode()

    def test_ending_it_lets_postings_go(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        window = a_window(erp, since=HOUR / 2)
        page = sign_in(rob).post("/connections/erp/weekly/", {"end": str(window.pk)}, follow=True)
        assert "Ended: ERP is sent to again each" in text_of(page)
        assert gates.allow(erp.pk, most=10).count == 10

    def test_one_that_is_gone_or_of_another_system_cannot_be_ended(
        self, sign_in: SignIn, rob: User
    ) -> None:
        an_erp()
        window = a_window(an_erp("other"), since=HOUR / 2)
        for number in (str(window.pk), "x"):
            answer = sign_in(rob).post("/connections/erp/weekly/", {"end": number})
            assert answer.status_code == 409
        assert WeeklyWindow.objects.get() == window


@pytest.mark.django_db
class TestWhatCounts:
    """Statements go by the clock on the wall, the gate by the pure core: they say the same."""

    @pytest.mark.parametrize("since", [timedelta(0), HOUR / 2, 2 * HOUR, -2 * HOUR, 7 * 24 * HOUR])
    def test_as_down_or_not_is_what_the_gate_says(self, since: timedelta) -> None:
        erp = an_erp(**stopped())
        a_window(erp, since=since)
        waits = health([erp.pk])[erp.pk].status == "maintenance"
        assert waits is (since in (timedelta(0), HOUR / 2, 7 * 24 * HOUR))
        assert sql.one(CANNOT_SEND).count == (0 if waits else 1)
        down = read([measures.get("systems_down")])["systems_down"]
        assert [row.value for row in down] == ([] if waits else [1])

    def test_as_late_begins_when_the_window_is_over(self) -> None:
        erp = an_erp()
        command = waiting(erp)
        OutboundCommand.objects.filter(pk=command.pk).update(created_at=clock.now() - 5 * HOUR)
        assert self.oldest() == [300]
        window = a_window(erp, since=3 * HOUR)
        assert self.oldest() == pytest.approx([120], abs=1)
        window.delete()
        a_window(erp, since=HOUR / 2)
        assert self.oldest() == []

    def oldest(self) -> list[Any]:
        return [row.value for row in read([measures.get("oldest_posting")])["oldest_posting"]]


@pytest.mark.django_db
class TestStory:
    def test_tells_the_next_one_a_day_ahead(self) -> None:
        erp = an_erp()
        a_window(erp, since=-2 * HOUR)
        assert [moment.text for moment in story(one(erp.slug)) if moment.ahead] == [
            "The weekly window begins. Postings wait.",
            "The weekly window ends; sending goes on.",
        ]

    def test_leaves_out_what_is_days_ahead(self) -> None:
        erp = an_erp()
        a_window(erp, since=3 * 24 * HOUR)
        assert story(one(erp.slug)) == []


class TestWords:
    @pytest.mark.parametrize(
        ("starts", "minutes", "words"),
        [
            (time(4), 30, "Sunday 04:00 to 04:30"),
            (time(22), 120, "Sunday 22:00 to midnight"),
            (time(22), 150, "Sunday 22:00 to 00:30 the day after"),
            (time(4), 1440, "Sunday 04:00 to 04:00 the day after"),
        ],
    )
    def test_say_how_long_it_lasts(self, starts: time, minutes: int, words: str) -> None:
        assert told(Weekly(6, starts, minutes, "UTC")) == words
