"""Reading acts for the list: a page by number of the act, the newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from revops.audit.export import COLUMNS as LINK_COLUMNS
from revops.audit.models import Event
from revops.console.audit.words import act_of, link_of, verb
from revops.kernel.privacy import PII
from revops.web.csv_files import Column, instant_cell
from revops.web.exports import MOST_ROWS
from revops.web.filters import State
from revops.web.lists import page_at
from revops.web.pagination import Page

Acts = QuerySet[Event, Event]
_DAYS: Final = {"today": 0, "week": 7, "month": 31}
_LIKE: Final = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
CHAIN: Final = ("salt", "detail_mac", "prev", "hash", "erased_by", Column("detail", PII))
COLUMNS: Final = (
    "act", "at_utc", "actor", Column("name", PII), "roles", "on_behalf", "action", "kind",
    "reference", Column("label", PII), "entity", Column("before", PII), Column("after", PII),
    Column("reason", PII), Column("ip", PII), "session", "correlation_id", "request_id", *CHAIN,
)  # fmt: skip
assert set(CHAIN) <= set(LINK_COLUMNS)


def acts(state: State) -> Acts:
    """Every act that the address asks for."""
    rows = Event.objects.all()
    for key, column in (("who", "actor"), ("action", "action"), ("kind", "kind")):
        if state.one(key):
            rows = rows.filter(**{column: state.one(key)})
    if state.one("entity"):
        rows = rows.filter(entity=state.one("entity"))
    if state.one("when"):
        start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        rows = rows.filter(ts__gte=start - timedelta(days=_DAYS[state.one("when")]))
    if state.one("since"):
        rows = rows.filter(ts__gte=_midnight(state.one("since")))
    if state.one("until"):
        rows = rows.filter(ts__lt=_midnight(state.one("until")) + timedelta(days=1))
    if words := state.one("q").strip():
        rows = rows.filter(_about(words))
    return rows


def page_of_acts(state: State) -> Page[Event]:
    rows = acts(state)
    return page_at(rows, state, order=("-seq",))


def choices() -> dict[str, dict[str, str]]:
    """Who has acted and what was done, as filters: their names are those of their last act."""
    latest = Event.objects.order_by().values("actor").annotate(last=Max("seq"))
    people = Event.objects.filter(seq__in=[row["last"] for row in latest])
    names = {one.actor: act_of(one).name for one in people}
    actions = Event.objects.order_by().values_list("action", flat=True).distinct()
    return {
        "who": dict(sorted(names.items(), key=lambda item: item[1])),
        "action": {one: verb(one) for one in sorted(actions, key=verb)},
    }


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of the last one, by whoever asked for it."""

    passed: bool
    sentence: str
    at: datetime
    by: str


def last_verification() -> Verification | None:
    found = Event.objects.filter(action="audit.verify").order_by("-seq").first()
    if found is None or found.detail is None:
        return None
    detail = json.loads(found.detail)
    said = detail["after"]
    return Verification(bool(said["passed"]), said["outcome"], found.ts, detail["name"])


def cells(state: State) -> Iterator[list[str]]:
    """The lines of the CSV; with the chain's own fields, so that each row can be recomputed."""
    for event in acts(state).order_by("-seq")[:MOST_ROWS].iterator(chunk_size=500):
        act, link = act_of(event), link_of(event)
        detail = json.loads(event.detail) if event.detail else {}
        yield [
            str(event.seq), instant_cell(event.ts), event.actor, act.name, event.roles,
            event.on_behalf, event.action, event.kind, event.reference, act.label, event.entity,
            *(json.dumps(detail.get(key, {}), ensure_ascii=False) for key in ("before", "after")),
            act.reason, act.ip, act.session, event.correlation_id, event.request_id,
            link.salt.hex() if link.salt else "", link.detail_mac.hex(), link.prev.hex(),
            link.hash.hex(), str(event.erased_by or ""), event.detail or "",
        ]  # fmt: skip


def _midnight(text: str) -> datetime:
    zone = timezone.get_current_timezone()
    return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)


def _about(words: str) -> Q:
    """An exact id, or a part of what the act says."""
    exact = Q(correlation_id=words) | Q(request_id=words) | Q(reference__iexact=words)
    if words.isascii() and words.isdigit() and len(words) < 16:
        exact |= Q(seq=int(words))
    return exact | Q(reference__icontains=words) | Q(detail__icontains=words)
