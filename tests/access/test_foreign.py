"""
I1: who sees one legal entity finds no trace of another one: no page that a link leads to, no list,
count, search, suggestion, file, act or answer of the API holds its names, ids or amounts.

Everything is asked for by somebody who sees all entities first, so that what is kept for later
would be kept with theirs in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.test import Client

from revops.store import rows, sql
from tests.access.asking import address_of, signed_in
from tests.access.calling import ask, bearer
from tests.access.expected import SERVICES
from tests.access.sides import MARK, NAME, OURS, SHOWN, THEIRS
from tests.access.world import World
from tests.architecture.addresses import every
from tests.architecture.test_rows import BELONGING, WITHOUT

MOST_PAGES: Final = 800
_LINK: Final = re.compile(r'\s(?:href|hx-get|action)="(/[^"#]*)"')
_SHOWS: Final = re.compile(r'\s(?:href|hx-get)="(/[^"#]*)"')
# Links that say the same of the same, in another order or less of it.
_VARIANT: Final = re.compile(r"[?&](sort|order|after|before|page|entity|period|moment)=")
# Pages about the console itself, one for each contract, kind of case or flow.
_MANUAL: Final = re.compile(r"/(api/v1/contracts|api/docs|playbooks|tours|flows/[a-z._]+)/.")
_SHOWN: Final = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(map(re.escape, SHOWN))})(?![0-9a-z])")
_HOP: Final = re.compile(r"^/lineage/.*[?]hop=")
_RANDOM: Final = re.compile(r"\b[0-9a-z]{64}\b")  # the token of a form
FILES: Final = tuple(str(one) for one in every() if one.route.endswith((".csv", ".jsonl")))

# What no page shows and no test makes; each keeps its own policy (test_rows.py).
UNSHOWN: Final = {
    "canonical_product", "ledger_givenback", "mappings_periodrun", "usage_crossing",
    "usage_policy", "approvals_decision",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    settings.REVOPS_DEMO = True


@pytest.fixture(scope="package")
def warmed(world: World) -> World:
    """Somebody of all entities has looked at every list before."""
    for role in ("manager", "support", "admin"):
        client = signed_in(world.of_all[role])
        for one in every():
            if not one.for_services and not one.is_open and not one.asks():
                client.get(str(one))
    return world


def traces(text: str, *, asked: str = "") -> set[str]:
    """The marks of THEIRS in an answer; ``asked`` is what was typed, which pages repeat."""
    plain = _RANDOM.sub("", html.unescape(text).lower())
    if asked:
        plain = plain.replace(asked.lower(), "")
    return set(_SHOWN.findall(plain))


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode())


def links_of(text: str) -> Iterator[str]:
    for link in _LINK.findall(text):
        found = html.unescape(link)
        # Two filters at once show less than each of them.
        if found.startswith("/static/"):
            continue
        if not _VARIANT.search(found) and not _MANUAL.match(found) and "&" not in found:
            yield found


def thing(link: str) -> str:
    """What a link leads to. A hop of a thread is the same one in whichever thread it stands."""
    return _HOP.sub("/lineage/?hop=", link)


class TestTheWorld:
    def test_has_rows_of_theirs_in_every_table(self, world: World) -> None:
        def seen(code: str, table: str) -> set[str]:
            with rows.within([code]):
                return {str(row.row) for row in sql.rows(f"SELECT t.*::text AS row FROM {table} t")}

        missing = set()
        for table in {*BELONGING} - UNSHOWN - WITHOUT.keys():
            theirs, ours = seen(THEIRS, table), seen(OURS, table)
            if not theirs - ours or not ours - theirs:
                missing.add(table)
        assert missing == set()

    def test_shows_its_marks_to_who_may_see_them(self, world: World) -> None:
        client = signed_in(world.of_all["manager"])
        for path in ("/customers/", "/exceptions/?group=case", "/books/", "/approvals/?tab=team"):
            assert traces(body(client.get(path))), path


# What finance and revops see, a manager sees as well; the matrix says that nobody sees nothing.
@pytest.mark.parametrize("role", ["manager", "support", "admin", "auditor"])
class TestPeople:
    def test_i1_find_no_trace_wherever_links_lead_and_all_lead_somewhere(
        self, role: str, warmed: World
    ) -> None:
        client = signed_in(warmed.of_ours[role])
        offered: dict[str, str] = {}
        refused: set[str] = set()
        waiting = [
            str(one)
            for one in every()
            if not one.for_services and not one.is_open and not one.asks()
        ]
        known = {*waiting}
        for path in waiting:
            answer = client.get(path)
            if answer.status_code == 403:
                refused.add(path)
            if not answer.get("Content-Type", "").startswith("text/html"):
                continue
            text = body(answer)
            assert not traces(text), path
            offered |= {html.unescape(link): path for link in _SHOWS.findall(text)}
            fresh = {thing(link): link for link in links_of(text)}
            waiting.extend(link for what, link in fresh.items() if what not in known)
            known |= fresh.keys()
            assert len(known) < MOST_PAGES, "The links do not end."
        assert len(known) > 25
        assert {link: page for link, page in offered.items() if link in refused} == {}

    def test_i1_search_for_none_of_it(self, role: str, warmed: World) -> None:
        client = signed_in(warmed.of_ours[role])
        theirs = warmed.theirs
        ids = (
            NAME, MARK, theirs.invoice.number, theirs.customer.source_id, f"JE-{theirs.entry.pk}",
            f"EVT-{theirs.inbound.pk}", theirs.entry.correlation_id,
        )  # fmt: skip
        for path in (
            "/find", "/customers/", "/customers/duplicates/", "/books/", "/books/schedules/",
            "/exceptions/", "/usage/", "/credits/", "/credits/find", "/credits/new", "/approvals/",
            "/users/", "/audit/", "/flows/contracts/",
        ):  # fmt: skip
            for asked in ids:
                answer = client.get(path, {"q": asked, "group": "case", "tab": "team"})
                assert not traces(body(answer), asked=asked), (path, asked)

    def test_i1_are_offered_and_counted_nothing_of_it(self, role: str, warmed: World) -> None:
        client = signed_in(warmed.of_ours[role])
        for path in ("/", "/exceptions/", "/books/", "/books/trial-balance/", "/credits/leakage/"):
            chosen = client.get(path, {"entity": THEIRS})
            assert not traces(body(chosen), asked=THEIRS), path

    def test_i1_take_none_of_it_along_in_files(self, role: str, warmed: World) -> None:
        client = signed_in(warmed.of_ours[role])
        for path in FILES:
            answer = client.post(path)
            assert not traces(body(answer)), path


class TestTokens:
    def test_i1_of_one_entity_read_nothing_of_another(self, warmed: World) -> None:
        known, wrong = {str(one): one for one in every()}, {}
        for row in SERVICES:
            if row.method != "GET":
                continue
            one, token = known[row.address], bearer(warmed.ours.token_text)
            text = ask(Client(), "GET", one, warmed.theirs, token)
            asked = address_of(one, warmed.theirs)
            # What is looked for is repeated; what is found would have other ids as well.
            sought = warmed.theirs.invoice.number if "find" in asked else ""
            found = traces(body(text), asked=sought)
            # A refusal names what was asked for, and nothing else.
            if not found <= ({MARK} if text.status_code == 404 else set()):
                wrong[asked] = found
        assert wrong == {}
