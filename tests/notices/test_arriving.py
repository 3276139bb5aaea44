"""From telling somebody to what the mail server and the chat hold, over real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.test import override_settings

from accounts.models import User
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.email.sandbox.server import Server
from connectors.systems.slack import sandbox as chat
from exceptions.models import Case
from revops.delivery.models import Attempt, OutboundCommand
from revops.kernel import clock
from revops.notices.operations import tell
from revops.pipeline import notifying, send, sources
from tests.cast import person
from tests.factories import a_connection, a_gate, a_legal_entity
from tests.pipeline.rehearsal import serving

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/services/T1/B1/abc"


class Post:
    """A mail server on a thread of its own."""

    def __init__(self) -> None:
        self.server = Server(login="", password="")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.server.start(0), self._loop).result(5)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def mona(transactional_db: None) -> User:
    return person("mona")


@pytest.fixture
def post(transactional_db: None) -> Iterator[Post]:
    sources.forget()
    a_legal_entity("NW-US")
    made = Post()
    address = f"smtp://127.0.0.1:{made.server.port}"
    parameters = {"sender": "console@example.com"}
    a_gate(a_connection("email", "email", base_url=address, parameters=parameters))
    yield made
    made.close()


def told(*people: User, key: str = "k1", kind: str = "approval_asked") -> None:
    tell(
        recipients=[one.pk for one in people], kind=kind, title="APR-12: a credit",
        text="It waits for you.", link="/approvals/APR-12/", entity="NW-US", key=key,
    )  # fmt: skip


def drain(slug: str = "email") -> int:
    number = Connection.objects.get(slug=slug).pk
    return send.drain(number, drainer="test", seconds=5, linger=0)


def states() -> list[str]:
    return list(OutboundCommand.objects.order_by("pk").values_list("state", flat=True))


class TestMail:
    def test_arrives_once_however_often_it_is_told_and_sent(self, post: Post, mona: User) -> None:
        with override_settings(REVOPS_URL="https://console.example"):
            for _ in range(3):
                told(mona)
                notifying.turn()
                drain()
        (mail,) = post.server.mails
        assert mail.to == "mona@example.com"
        assert mail.shown["subject"] == "APR-12: a credit"
        assert mail.shown["text"].strip().endswith("https://console.example/approvals/APR-12/")
        assert states() == ["posted"]

    def test_is_sent_again_with_the_same_id_after_a_lost_answer_and_is_no_case(
        self, post: Post, mona: User
    ) -> None:
        post.server.faults.set({"response_lost": 1})
        told(mona)
        notifying.turn()
        with override_settings(REVOPS_SETTLE_SCALE=0.0):
            drain()
            assert not Case.objects.exists(), "nobody has to decide anything"
            OutboundCommand.objects.update(next_at=clock.now())
            drain()
            drain()
        assert states() == ["posted"]
        assert len({mail.shown["message_id"] for mail in post.server.mails}) == 1

    def test_waits_for_a_server_that_is_down(self, post: Post, mona: User) -> None:
        post.server.faults.set({"down": True})
        told(mona)
        notifying.turn()
        drain()
        assert states() == ["retry_wait"]
        post.server.faults.clear()
        OutboundCommand.objects.update(next_at=clock.now())
        drain()
        assert (states(), len(post.server.mails)) == (["posted"], 1)

    def test_that_is_refused_is_a_case_that_names_the_person(self, post: Post, mona: User) -> None:
        post.server.faults.set({"refuse": True})
        told(mona)
        notifying.turn()
        drain()
        case = Case.objects.get()
        assert case.what_happened.startswith("Notice to Mona Patel is not in E-mail.")
        assert states() == ["exception"]


class TestChat:
    def test_arrives_once_for_all_whom_it_concerns(self, mona: User) -> None:
        sources.forget()
        a_legal_entity("NW-US")
        app = chat.build(chat.Config(path=PATH))
        with serving(app) as url:
            connection = a_connection("slack", "slack", base_url=url)
            a_gate(connection)
            set_secret(connection, "path", PATH)
            told(mona, person("adam"), kind="break_glass")
            for _ in range(2):
                notifying.turn()
                drain("slack")
        (message,) = app.state.chat.messages
        assert "For Adam Berg, Mona Patel" in message["text"]
        assert states() == ["posted"]
        wire = Attempt.objects.get().wire
        assert '"method": "POST"' in wire
        assert '"status": 200' in wire
        assert not [said for said in ("T1", "abc", "Mona", "APR-12") if said in wire]
