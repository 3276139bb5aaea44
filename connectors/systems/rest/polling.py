"""
What changed since the last poll, list by list. The cursor holds, for each kind, the newest change
seen so far, and where the sweep is that is under way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from connectors.contract import Outcome, Page, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.rest import reading
from connectors.systems.rest.converting import Unfit, text
from connectors.systems.rest.mapping import Kind, Listing
from connectors.systems.rest.paths import ABSENT
from connectors.systems.rest.session import Session
from connectors.systems.rest.session import read as read_answer
from revops.kernel import strict_json
from revops.kernel.clock import now

_NEXT: Final = re.compile(r'<([^<>]{1,2000})>\s*;[^,<]*\brel="?next"?', re.ASCII | re.IGNORECASE)
# Whose list is longer than this leads round in a circle.
_MOST_PAGES: Final = 20_000
_GONE: Final = (400, 404, 410)
_LONGEST_TOKEN: Final = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """
    ``seen``: the newest change of each kind, in ms. Of the sweep that is under way: its kind, the
    token of its next page, how many pages it had, when it began, and the newest that it saw.
    """

    seen: dict[str, int] = field(default_factory=dict)
    kind: str = ""
    page: str = ""
    pages: int = 0
    began: int = 0
    top: int = 0


async def poll(session: Session, kinds: Sequence[Kind], *, cursor: str, lookback_s: int) -> Page:
    """One page of one list. Raises Problem, and PayloadUnreadable for somebody else's cursor."""
    listed = [one for one in kinds if one.listing is not None]
    place = _read(cursor)
    if not listed:
        return Page((), _write(Place(place.seen)), False)
    kind = next((one for one in listed if one.name == place.kind), listed[0])
    if kind.name != place.kind or not place.began:
        place = Place(place.seen, kind.name, began=_ms(now()))
    assert kind.listing is not None
    if not _leads(kind.listing, place.page):
        place = Place(place.seen, kind.name, began=_ms(now()))
    since = place.seen.get(kind.name, place.began - lookback_s * 1000)
    try:
        answer, value = await _asked(session, kind.listing, place, since)
    except Problem as problem:
        if not place.page or problem.status not in _GONE:
            raise
        # What leads on may be good for a while only: the next poll begins this sweep again.
        return Page((), _write(Place(place.seen, kind.name)), False)
    rows = _rows(kind.listing, value)
    changes = [_changed(kind, row) for row in rows]
    order = sorted(range(len(rows)), key=lambda number: changes[number])
    bodies = tuple(reading.body_of(kind, rows[one], as_=reading.POLLED) for one in order)
    top = max([place.top, *changes])
    onward = _onward(session, kind.listing, place, answer, value, len(rows))
    if onward:
        if onward == place.page or place.pages >= _MOST_PAGES:
            raise Problem(Outcome.TRANSIENT, "garbled", "Its list leads round in a circle.")
        place = replace(place, page=onward, pages=place.pages + 1, top=top)
        return Page(bodies, _write(place), True)
    # Nothing that changed after the sweep began is taken for seen: pages may have moved meanwhile.
    seen = {**place.seen, kind.name: max(since, min(top, place.began))}
    after = listed[listed.index(kind) + 1 :]
    return Page(bodies, _write(Place(seen, after[0].name if after else "")), bool(after))


async def _asked(
    session: Session, listing: Listing, place: Place, since: int
) -> tuple[Answer, Any]:
    path = listing.path.fill(lambda _: ABSENT)
    params = list(listing.query.items())
    pages = listing.pages
    if pages.size and pages.size_name:
        params.append((pages.size_name, str(pages.size)))
    if listing.since:
        params.append((listing.since, _since(since - listing.overlap_s * 1000, listing.since_as)))
    if pages.by in ("link", "link_header") and place.page:
        path, params = place.page, []
    elif place.page or pages.by in ("page", "offset"):
        first = str(pages.first) if pages.by == "page" else "0"
        params.append((pages.name, place.page or first))
    answer = await session.get(path, params)
    return answer, read_answer(answer, write=False)


def _rows(listing: Listing, value: Any) -> list[Any]:
    found = value if listing.items.text == "." else listing.items.read(value)
    if not isinstance(found, list):
        where = listing.items.text
        raise Problem(Outcome.TRANSIENT, "garbled", f"Its answer holds no list at “{where}”.")
    return found


def _leads(listing: Listing, page: str) -> bool:
    """Whether a token is one of this list: somebody may have changed how its pages are turned."""
    match listing.pages.by:
        case "page" | "offset":
            return not page or (page.isascii() and page.isdigit() and len(page) < 12)
        case "link" | "link_header":
            return not page or page.startswith("/")
        case "none":
            return not page
    return True


def _onward(
    session: Session, listing: Listing, place: Place, answer: Answer, value: Any, count: int
) -> str:
    """The token of the next page; blank at the end."""
    pages = listing.pages
    if pages.by == "link_header":
        found = _NEXT.search(answer.headers.get("link", ""))
        return session.below(found[1]) if found else ""
    if pages.by in ("link", "cursor"):
        assert pages.next is not None
        try:
            token = text(pages.next.read(value) or "")
        except Unfit:
            token = ""
        if len(token) > _LONGEST_TOKEN:
            raise Problem(Outcome.TRANSIENT, "garbled", "Its list goes on at no sound place.")
        return session.below(token) if token and pages.by == "link" else token
    if pages.by == "none" or not count or count < pages.size:
        return ""
    if pages.by == "page":
        return str(int(place.page or pages.first) + 1)
    return str(int(place.page or 0) + count)


def _changed(kind: Kind, row: Any) -> int:
    """In ms; 0 for what cannot be read, which is stored and told when it is understood."""
    try:
        return _ms(reading.when(kind, row))
    except PayloadUnreadable:
        return 0


def _since(ms: int, words: str) -> str:
    moment = datetime.fromtimestamp(max(ms, 0) // 1000, UTC)
    match words:
        case "day":
            return moment.date().isoformat()
        case "epoch_s":
            return str(int(moment.timestamp()))
        case "epoch_ms":
            return str(int(moment.timestamp()) * 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _read(cursor: str) -> Place:
    if not cursor:
        return Place()
    try:
        told = json.loads(cursor)
        seen = {str(name): int(ms) for name, ms in told["seen"].items()}
        return Place(
            seen, str(told["kind"]), str(told["page"]), int(told["pages"]), int(told["began"]),
            int(told["top"]),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error


def _write(place: Place) -> str:
    return strict_json.dumps(
        {
            "seen": place.seen,
            "kind": place.kind,
            "page": place.page,
            "pages": place.pages,
            "began": place.began,
            "top": place.top,
        }
    )
