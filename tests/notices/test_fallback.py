"""Notices go another way while their own stays stopped: once each, and only as far as they may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.slack import sandbox as chat
from revops.console.connections.queries.rows import one
from revops.console.connections.story import story
from revops.delivery import gates
from revops.delivery.models import Gate, OutboundCommand
from revops.kernel import clock, strict_json
from revops.notices.models import Notice
from revops.notices.operations import tell
from revops.pipeline import notifying, send, sources
from tests.cast import person
from tests.factories import a_connection, a_gate, a_legal_entity
from tests.pipeline.rehearsal import serving

PATH = "/services/T1/B1/abc"
MINUTE = timedelta(minutes=1)


def told(*people: User, kind: str = "approval_asked", key: str = "k1") -> None:
    tell(
        recipients=[each.pk for each in people], kind=kind, title="APR-12: a credit for Alder",
        text="USD 900.00 waits for you.", link="/approvals/APR-12/", entity="NW-US", key=key,
    )  # fmt: skip


def connected(slug: str, connector: str, **gate: Any) -> Connection:
    made = a_connection(slug, connector)
    a_gate(made, **gate)
    return made


def stop(connection: Connection, *, minutes: int = 16) -> None:
    now = clock.now()
    Gate.objects.filter(connection=connection).update(
        breaker="open", opened_at=now - minutes * MINUTE, retry_at=now + MINUTE,
        story="the system could not be reached",
    )  # fmt: skip


def commands() -> list[tuple[str, str, int]]:
    """(connection, state, revision) in the order in which they were made."""
    rows = OutboundCommand.objects.select_related("connection").order_by("pk")
    return [(row.connection.slug, row.state, row.revision) for row in rows]


def said(number: int = -1) -> dict[str, Any]:
    rows = list(OutboundCommand.objects.order_by("pk"))
    found: dict[str, Any] = strict_json.loads(rows[number].payload)
    return found


@pytest.fixture
def mail(db: None) -> Connection:
    """A mail server whose notices go by chat after a quarter of an hour."""
    a_legal_entity("NW-US")
    slack = connected("slack", "slack")
    mail = connected("email", "email")
    gates.fall_back(mail.pk, to=slack.pk, after=15)
    return mail


class TestMail:
    def test_waits_until_it_has_been_stopped_for_long_enough(self, mail: Connection) -> None:
        told(person("mona"))
        stop(mail, minutes=14)
        notifying.turn()
        assert commands() == [("email", "pending", 1)]

    def test_then_goes_by_chat_without_its_words(self, mail: Connection) -> None:
        told(person("mona"), person("adam"))
        stop(mail)
        notifying.turn()
        assert [state for _, state, _ in commands()] == ["cancelled", "cancelled", "pending"]
        assert said() == {
            "title": "Waits for you", "text": "It is in the console.",
            "who": "For Adam Berg, Mona Patel", "link": "http://localhost:8000/approvals/APR-12/",
        } | {"link": said()["link"]}  # fmt: skip
        assert said()["link"].endswith("/approvals/APR-12/")
        withdrawn = OutboundCommand.objects.filter(state="cancelled").first()
        assert withdrawn is not None
        assert withdrawn.reason == "It went by Slack, because Email is stopped."
        assert set(Notice.objects.values_list("mailed_at", flat=True)) == {None}
        assert not Notice.objects.filter(posted_at=None).exists()

    def test_is_told_once_however_often_it_is_looked_at(self, mail: Connection) -> None:
        stop(mail)
        for _ in range(3):
            told(person("mona"))
            notifying.turn()
        assert commands() == [("email", "cancelled", 1), ("slack", "pending", 1)]

    def test_of_what_the_chat_is_told_anyway_is_not_told_there_again(
        self, mail: Connection
    ) -> None:
        stop(mail)
        told(person("mona"), kind="break_glass")
        notifying.turn()
        assert commands() == [("email", "cancelled", 1), ("slack", "pending", 1)]
        assert said()["title"] == "APR-12: a credit for Alder", "a kind for the chat has its words"

    def test_goes_by_another_server_as_it_is(self, mail: Connection) -> None:
        spare = connected("mail-2", "email")
        gates.fall_back(mail.pk, to=spare.pk, after=15)
        stop(mail)
        told(person("mona"))
        notifying.turn()
        assert commands() == [("email", "cancelled", 1), ("mail-2", "pending", 2)]
        assert said(0) == said(1)

    @pytest.mark.parametrize(
        "way",
        [
            {"breaker": "open", "opened_at": clock.now()},
            {"paused_at": clock.now()},
            {"window_from": clock.now() - MINUTE, "window_to": clock.now() + 60 * MINUTE},
        ],
        ids=["stopped", "paused", "in a window"],
    )
    def test_waits_when_the_other_way_is_shut_too(
        self, mail: Connection, way: dict[str, Any]
    ) -> None:
        Gate.objects.filter(connection__slug="slack").update(**way)
        stop(mail)
        told(person("mona"))
        notifying.turn()
        assert commands() == [("email", "pending", 1)]

    def test_waits_when_somebody_paused_it(self, mail: Connection) -> None:
        stop(mail)
        gates.pause(mail.pk, by="Ines", reason="a wrong sender", until=None)
        told(person("mona"))
        notifying.turn()
        assert commands() == [("email", "pending", 1)]

    def test_that_may_have_arrived_stays(self, mail: Connection) -> None:
        told(person("mona"))
        notifying.turn()
        OutboundCommand.objects.update(state="retry_wait", unknown_since=clock.now())
        stop(mail)
        notifying.turn()
        assert commands() == [("email", "retry_wait", 1)]


class TestChat:
    def test_goes_by_mail_to_each_who_had_none(self, mail: Connection) -> None:
        slack = Connection.objects.get(slug="slack")
        gates.fall_back(slack.pk, to=mail.pk, after=15)
        gates.fall_back(mail.pk, to=None, after=15)
        stop(slack)
        told(person("mona"), kind="alert")
        Notice.objects.update(mail="no")
        told(person("adam"), kind="alert", key="k2")
        notifying.turn()
        names = [said(place)["name"] for place in range(4) if "name" in said(place)]
        assert sorted(names) == ["Adam Berg", "Mona Patel"]
        assert [way for way, state, _ in commands() if state == "pending"] == ["email", "email"]

    def test_that_came_from_the_mail_may_go_back_to_it(self, mail: Connection) -> None:
        slack = Connection.objects.get(slug="slack")
        gates.fall_back(slack.pk, to=mail.pk, after=15)
        told(person("mona"))
        stop(mail)
        notifying.turn()
        Gate.objects.filter(connection=mail).update(breaker="closed", opened_at=None)
        stop(slack)
        notifying.turn()
        assert commands() == [
            ("email", "cancelled", 1), ("slack", "cancelled", 1), ("email", "pending", 2),
        ]  # fmt: skip


@pytest.mark.django_db
class TestThePage:
    def test_tells_when_they_go_elsewhere_and_how_many_did(self, mail: Connection) -> None:
        stop(mail, minutes=5)
        ahead = [moment.text for moment in story(one("email")) if moment.ahead]
        assert "Notices that wait go by Slack instead." in ahead
        stop(mail)
        told(person("mona"))
        notifying.turn()
        assert "1 notice went by Slack instead." in [each.text for each in story(one("email"))]


@pytest.mark.django_db(transaction=True)
class TestAStoppedServer:
    def test_is_gone_round_over_real_sockets(self) -> None:
        sources.forget()
        a_legal_entity("NW-US")
        app = chat.build(chat.Config(path=PATH))
        with serving(app) as url:
            slack = a_connection("slack", "slack", base_url=url)
            a_gate(slack)
            set_secret(slack, "path", PATH)
            # Nobody listens on this port of this machine.
            mail = a_connection(
                "email", "email", base_url="smtp://127.0.0.1:9",
                parameters={"sender": "console@example.com"},
            )  # fmt: skip
            a_gate(mail)
            gates.fall_back(mail.pk, to=slack.pk, after=15)
            for number in range(5):
                told(person("mona"), key=f"k{number}")
            notifying.turn()
            send.drain(mail.pk, drainer="test", seconds=5, linger=0)
            assert gates.read(mail.pk)[0].breaker.value == "open"
            Gate.objects.filter(connection=mail).update(opened_at=clock.now() - 16 * MINUTE)
            notifying.turn()
            send.drain(slack.pk, drainer="test", seconds=5, linger=0)
        assert len(app.state.chat.messages) == 5
        assert {state for way, state, _ in commands() if way == "slack"} == {"posted"}
        assert {state for way, state, _ in commands() if way == "email"} == {"cancelled"}
