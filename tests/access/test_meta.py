"""
reliability.md 6.1, “meta only”: an administrator sees that things are there and how they stand, and
neither what they are worth nor whose they are, wherever links lead and in every file.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.access.asking import signed_in
from tests.access.sides import MARK, NAME
from tests.access.test_foreign import FILES, MOST_PAGES, body, links_of, traces
from tests.access.world import World
from tests.architecture.addresses import every

# What somebody asks for and administrators decide is shown to them whole: roles, policies.
OWN_WORK: Final = (
    "/approvals/", "/users/", "/break-glass/", "/me/", "/notices/", "/mappings/changes/",
)  # fmt: skip
THREADS: Final = ("/lineage/", "/journals/", "/flows/runs/", "/usage/")


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    settings.REVOPS_DEMO = True


def told(text: str) -> set[str]:
    """Names and amounts; ids and our own legal entities stay, or there would be nothing to see."""
    return traces(text.replace(f"{NAME} Holding", "")) - {MARK}


class TestAnAdministrator:
    def test_sees_neither_names_nor_amounts_wherever_links_lead(self, world: World) -> None:
        client = signed_in(world.of_all["admin"])
        side = world.theirs
        waiting = [
            str(one)
            for one in every()
            if not one.for_services and not one.is_open and not one.asks()
        ] + [
            f"/lineage/invoice/{side.invoice.pk}/", f"/journals/JE-{side.entry.pk}/",
            f"/flows/runs/{side.run.pk}/", f"/usage/{side.usage.pk}/",
            f"/usage/lines/{side.rated.pk}/", f"/find?q={side.invoice.number}",
        ]  # fmt: skip
        known, found = set(waiting), {}
        for path in waiting:
            if path.startswith(OWN_WORK):
                continue
            answer = client.get(path)
            if not answer.get("Content-Type", "").startswith("text/html"):
                continue
            text = body(answer)
            if told(text):
                found[path] = told(text)
            # Of a hop alone is shown what the list shows of it.
            fresh = [
                one
                for one in links_of(text)
                if one not in known and one.startswith(THREADS) and "?hop=" not in one
            ]
            known |= set(fresh)
            waiting.extend(fresh)
            assert len(known) < MOST_PAGES, "The links do not end."
        assert not found, "\n".join(f"{path}: {sorted(what)}" for path, what in found.items())
        assert len(known) > 25

    def test_takes_none_of_it_along_in_files(self, world: World) -> None:
        client = signed_in(world.of_all["admin"])
        for path in FILES:
            if not path.startswith(OWN_WORK):
                assert not told(body(client.post(path))), path

    def test_is_shown_what_others_are_not_masked(self, world: World) -> None:
        client = signed_in(world.of_all["finance"])
        for path in (f"/lineage/invoice/{world.theirs.invoice.pk}/",
                     f"/journals/JE-{world.theirs.entry.pk}/"):  # fmt: skip
            assert {"765.43"} <= told(body(client.get(path))), path
