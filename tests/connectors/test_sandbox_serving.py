from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from connectors.sandboxes import keeping
from connectors.sandboxes.serving import ends_with
from tests.connectors.parties import contracts_of


def served(app: Starlette, work: Callable[[], Awaitable[Any]]) -> Any:
    """What the work gives while the application is served."""

    async def play() -> Any:
        async with app.router.lifespan_context(app):
            return await work()

    return asyncio.run(play())


class Diary:
    """Writes down what was begun and closed."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def does(self, word: str) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            self.done.append(word)
            if word == "broken":
                raise OSError(word)

        return do


class TestEndsWith:
    def test_begins_before_anything_is_served_and_closes_in_the_order_told(self) -> None:
        diary = Diary()
        lifespan = ends_with(diary.does("one"), diary.does("two"), begins=diary.does("begun"))
        served(Starlette(lifespan=lifespan), diary.does("served"))
        assert diary.done == ["begun", "served", "one", "two"]

    def test_closes_everything_though_the_work_or_a_close_fails(self) -> None:
        diary = Diary()
        lifespan = ends_with(diary.does("broken"), diary.does("two"))
        with pytest.raises(OSError, match="broken"):
            served(Starlette(lifespan=lifespan), diary.does("served"))
        with pytest.raises(OSError, match="broken"):
            served(Starlette(lifespan=ends_with(diary.does("three"))), diary.does("broken"))
        assert diary.done == ["served", "broken", "two", "broken", "three"]

    def test_closes_nothing_that_could_not_begin(self) -> None:
        diary = Diary()
        lifespan = ends_with(diary.does("one"), begins=diary.does("broken"))
        with pytest.raises(OSError, match="broken"):
            served(Starlette(lifespan=lifespan), diary.does("served"))
        assert diary.done == ["broken"]

    @pytest.mark.parametrize("slug", ["avalara", "netsuite", "oracle_fusion", "sap", "tryton"])
    def test_what_a_sandbox_would_do_later_is_given_up_with_it(self, slug: str) -> None:
        ends: list[str] = []

        async def late() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ends.append(slug)

        app: Any = next(contracts_of(slug)).build()

        async def play() -> None:
            async with app.router.lifespan_context(app):
                app.state.sandbox.later.start(late())
                await asyncio.sleep(0)
            assert ends == [slug]

        asyncio.run(play())


class Words:
    """Something that a sandbox holds."""

    def __init__(self) -> None:
        self.changed = False
        self.text = ""

    def save(self, path: Path) -> None:
        keeping.write(path, self.text)
        self.changed = False

    def load(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")


class TestKeeping:
    def test_a_file_that_cannot_be_written_whole_stays_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "of" / "one.state"
        keeping.write(path, "é")
        with pytest.raises(UnicodeEncodeError):
            keeping.write(path, "lost \udcff")
        assert path.read_text(encoding="utf-8") == "é"

    def test_saves_what_changed_while_it_is_served(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeping, "_EVERY_S", 0)
        path, words = tmp_path / "one.state", Words()
        keeper = keeping.Keeper(words, str(path))

        async def work() -> str:
            words.text, words.changed = "changed", True
            for _ in range(9):
                await asyncio.sleep(0)
            assert not words.changed
            words.text = "changed again, and nobody said so"
            return path.read_text(encoding="utf-8")

        lifespan = ends_with(keeper.aclose, begins=keeper.begin)
        assert served(Starlette(lifespan=lifespan), work) == "changed"
        again = Words()
        keeping.Keeper(again, str(path))
        assert again.text == words.text

    def test_keeps_nothing_without_a_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        words = Words()
        keeper = keeping.Keeper(words, "")
        lifespan = ends_with(keeper.aclose, begins=keeper.begin)

        async def work() -> None:
            words.text, words.changed = "changed", True

        served(Starlette(lifespan=lifespan), work)
        assert words.changed
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("slug", ["chargebee", "salesforce", "stripe"])
    def test_a_sandbox_holds_after_a_restart_what_it_held(self, slug: str, tmp_path: Path) -> None:
        sandbox: Any = import_module(f"connectors.systems.{slug}.sandbox")
        config = sandbox.Config(state_path=str(tmp_path / "one.state"))

        def held(count: int) -> Any:
            app = sandbox.build(config)

            async def look() -> Any:
                wire = httpx.ASGITransport(app=app)
                async with httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door:
                    if count:
                        made = {"count": count}
                        answer = await door.post("/_control/scenario/customers", json=made)
                        assert answer.status_code == 200, answer.text
                    return (await door.get("/_control/state")).json()["ids"]

            return served(app, look)

        before = held(2)
        assert any(before.values())
        assert held(0) == before
