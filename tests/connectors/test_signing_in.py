"""F8 · Of all callers, in all workers, one signs in."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any

import pytest
from django.db import connection as database

from connectors import signing_in, tokens
from connectors.contract import Outcome, Settings
from connectors.http import Client
from connectors.models import AccessToken, Connection
from connectors.passes import (
    REFUSED_FOR_S,
    TURN_S,
    Failed,
    Failure,
    Good,
    Keeper,
    Mine,
    Standing,
    Wait,
    began,
    decide,
    failed,
    kept,
)
from connectors.problem import Problem
from connectors.signing_in import Pass
from connectors.vault import open_
from revops.pipeline import sources

_LATE = Failure(Outcome.TRANSIENT, "unanswered", "Too late.")
_NO = Failure(Outcome.AUTH, "sign_in", "Not you.")


def turn(standing: Standing, now: float, *, instead_of: str = "", waited_for: int = 0) -> Any:
    return decide(standing, now=now, instead_of=instead_of, waited_for=waited_for)


class TestWhoseTurnItIs:
    def test_the_first_one_signs_in_and_the_next_one_waits(self) -> None:
        assert turn(Standing(), 100) == Mine(1)
        assert turn(began(Standing(), now=100), 101) == Wait(1)

    def test_a_turn_that_nobody_ends_is_lost(self) -> None:
        assert turn(began(Standing(), now=100), 100 + TURN_S) == Mine(2)

    def test_a_token_without_an_end_is_good_until_it_is_refused(self) -> None:
        standing = kept(began(Standing(), now=0), Pass("a", None), now=1, took_s=1)
        assert turn(standing, 1e9) == Good("a")
        assert turn(standing, 2, instead_of="a") == Mine(2)
        assert turn(standing, 2, instead_of="older") == Good("a")

    def test_it_ends_counted_from_when_it_was_asked_for_and_is_renewed_before(self) -> None:
        standing = kept(began(Standing(), now=0), Pass("a", 3600), now=10, took_s=10)
        assert turn(standing, 3539) == Good("a")
        assert turn(standing, 3541) == Mine(2, "a")
        assert turn(began(standing, now=3541), 3542) == Good("a")
        assert turn(began(standing, now=3590), 3601) == Wait(2)

    def test_a_short_one_is_renewed_in_its_last_tenth(self) -> None:
        standing = kept(began(Standing(), now=0), Pass("a", 100), now=0, took_s=0)
        assert turn(standing, 89) == Good("a")
        assert turn(standing, 91) == Mine(2, "a")

    def test_a_refusal_is_everybodys_for_a_while(self) -> None:
        standing = failed(began(Standing(), now=0), _NO, now=1)
        assert turn(standing, 2) == Failed(_NO)
        assert turn(standing, 2 + REFUSED_FOR_S) == Mine(2)

    def test_any_other_failure_is_only_theirs_who_waited_for_it(self) -> None:
        standing = failed(began(Standing(), now=0), _LATE, now=1)
        assert turn(standing, 2, waited_for=1) == Failed(_LATE)
        assert turn(standing, 2) == Mine(2)

    def test_a_failed_renewal_leaves_what_still_holds(self) -> None:
        standing = kept(began(Standing(), now=0), Pass("a", 3600), now=0, took_s=0)
        standing = failed(began(standing, now=3550), _NO, now=3551)
        assert turn(standing, 3552) == Good("a")
        assert turn(standing, 3601 - 30) == Good("a")


Story = Callable[[Client], Coroutine[Any, Any, Any]]
SETTINGS = Settings(slug="x", base_url="http://127.0.0.1:9", secrets={"client_secret": "s"})


class Door:
    """Signs in after a moment; ``problem`` is what it says instead."""

    def __init__(self) -> None:
        self.calls = 0
        self.problem: Problem | None = None
        self.lasts_s: float | None = None

    async def __call__(self) -> Pass:
        self.calls += 1
        await asyncio.sleep(0.01)
        if self.problem is not None:
            raise self.problem
        return Pass(f"token-{self.calls}", self.lasts_s)


def play(story: Story, *, keeper: Keeper | None = None) -> Any:
    async def run() -> Any:
        async with Client(
            SETTINGS.base_url, hosts=(), allow_loopback=True, keeper=keeper
        ) as client:
            return await story(client)

    return asyncio.run(run())


class TestOneClient:
    def test_of_twenty_callers_one_signs_in(self) -> None:
        door = Door()

        async def story(client: Client) -> None:
            async def ask(instead_of: str = "") -> str:
                return await signing_in.token(
                    client.until(None), SETTINGS, fetch=door, instead_of=instead_of
                )

            assert set(await asyncio.gather(*(ask() for _ in range(20)))) == {"token-1"}
            again = await asyncio.gather(*(ask("token-1") for _ in range(20)))
            assert set(again) == {"token-2"}

        play(story)
        assert door.calls == 2

    def test_a_refused_sign_in_is_told_to_all_and_not_repeated(self) -> None:
        door = Door()
        door.problem = Problem(Outcome.AUTH, "sign_in", "The secret is wrong.", status=401)

        async def story(client: Client) -> None:
            asked = [signing_in.token(client, SETTINGS, fetch=door) for _ in range(20)]
            told = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(one) for one in told} == {Problem}
            with pytest.raises(Problem, match="The secret is wrong") as caught:
                await signing_in.token(client, SETTINGS, fetch=door)
            assert (caught.value.outcome, caught.value.status) == (Outcome.AUTH, 401)
            other = replace(SETTINGS, secrets={"client_secret": "changed"})
            door.problem = None
            assert await signing_in.token(client, other, fetch=door) == "token-2"

        play(story)

    def test_an_unanswered_sign_in_is_tried_again_by_the_next_one(self) -> None:
        door = Door()
        door.problem = Problem(Outcome.TRANSIENT, "unanswered", "Nobody answered.")

        async def story(client: Client) -> None:
            with pytest.raises(Problem, match="Nobody answered"):
                await signing_in.token(client, SETTINGS, fetch=door)
            door.problem = None
            assert await signing_in.token(client, SETTINGS, fetch=door) == "token-2"

        play(story)

    def test_what_the_network_does_is_a_problem_too(self) -> None:
        async def story(client: Client) -> None:
            async def fetch() -> Pass:
                await client.call("POST", "/token")
                raise AssertionError

            with pytest.raises(Problem) as caught:
                await signing_in.token(client, SETTINGS, fetch=fetch)
            assert caught.value.outcome is Outcome.NOT_SENT

        play(story)

    def test_a_caller_that_is_given_up_does_not_take_the_others_with_it(self) -> None:
        door = Door()

        async def story(client: Client) -> None:
            first = asyncio.create_task(signing_in.token(client, SETTINGS, fetch=door))
            second = asyncio.create_task(signing_in.token(client, SETTINGS, fetch=door))
            await asyncio.sleep(0)
            first.cancel()
            assert await second == "token-1"

        play(story)
        assert door.calls == 1

    def test_a_token_that_is_refused_as_soon_as_it_is_new_is_no_endless_loop(self) -> None:
        async def story(client: Client) -> None:
            async def fetch() -> Pass:
                return Pass("always", None)

            with pytest.raises(Problem) as caught:
                await signing_in.token(client, SETTINGS, fetch=fetch, instead_of="always")
            assert caught.value.outcome is Outcome.AUTH

        play(story)


class TokenDoor:
    """A token endpoint over real HTTP; ``calls`` are the sign-ins that reached it."""

    def __init__(self) -> None:
        self.calls = 0
        outer, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with lock:
                    outer.calls += 1
                    number = outer.calls
                body = json.dumps({"access_token": f"t{number}", "expires_in": 3600}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def token_door() -> Iterator[TokenDoor]:
    door = TokenDoor()
    thread = threading.Thread(target=door.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield door
    door.server.shutdown()
    thread.join()
    door.server.server_close()


@pytest.fixture
def stored(transactional_db: None, token_door: TokenDoor) -> Connection:
    tokens.forget()
    return Connection.objects.create(
        slug="erp", connector="salesforce", label="ERP", environment="sandbox",
        base_url=token_door.url,
    )  # fmt: skip


def worker(stored: Connection, secret: str, instead_of: str = "") -> str:
    """As a process of its own does it: an event loop and a client, nothing remembered."""
    source = replace(
        sources.by_id(stored.pk),
        settings=Settings("erp", stored.base_url, secrets={"client_secret": secret}),
    )

    async def run() -> str:
        async with sources.client_of(source) as client:

            async def fetch() -> Pass:
                found = (await client.call("POST", "/token", form={"a": "b"})).json()
                return Pass(found["access_token"], found["expires_in"])

            return await signing_in.token(
                client, source.settings, fetch=fetch, instead_of=instead_of
            )

    try:
        return asyncio.run(run())
    finally:
        database.close()


class TestAllWorkers:
    def test_of_twenty_workers_one_calls(self, stored: Connection, token_door: TokenDoor) -> None:
        secret = token_hex(8)
        with ThreadPoolExecutor(20) as workers:
            asked = [workers.submit(worker, stored, secret) for _ in range(20)]
            assert {one.result() for one in asked} == {"t1"}
            asked = [workers.submit(worker, stored, secret, "t1") for _ in range(20)]
            assert {one.result() for one in asked} == {"t2"}
        assert token_door.calls == 2

    def test_a_worker_that_starts_later_finds_it_sealed(
        self, stored: Connection, token_door: TokenDoor
    ) -> None:
        secret = token_hex(8)
        assert worker(stored, secret) == "t1"
        tokens.forget()
        assert worker(stored, secret) == "t1"
        (row,) = AccessToken.objects.all()
        assert b"t1" not in bytes(row.ciphertext)
        with pytest.raises(Exception, match="changed or moved"):
            open_(row.ciphertext, context="connection:1:something else")
        assert worker(stored, "another") == "t2"

    def test_a_connection_that_is_not_stored_signs_in_for_itself(
        self, stored: Connection, token_door: TokenDoor
    ) -> None:
        door = Door()

        async def story(client: Client) -> None:
            for _ in range(2):
                assert await signing_in.token(client, SETTINGS, fetch=door) == "token-1"

        play(story, keeper=tokens.Shared(stored.pk + 1))
        assert not AccessToken.objects.exists()
