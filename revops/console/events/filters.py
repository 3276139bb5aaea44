"""The addresses of the list of events, and what they choose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.models import Connection
from revops.events.models import InboundEvent, InboxState
from revops.pipeline.replay.chosen import Chosen
from revops.web.filters import Filters, Key, State, whole_number

SHOWN: Final = {"in": "Received", "dead": "Dead letters", "out": "Sent"}
STATES: Final = {state.value: state.label for state in InboxState}
SENT: Final = {
    "pending": "Pending", "sending": "Sending", "retry_wait": "Retrying", "unknown": "In doubt",
    "posted": "Done", "exception": "Refused", "cancelled": "Cancelled",
}  # fmt: skip
LAST: Final = {"1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days"}
_SPANS: Final = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}
# Types to choose from are those of so many newest events: there is no end of older ones.
_AMONG: Final = 5_000


def instant(text: str) -> str:
    """``2026-11-21 12:05``, in UTC. Raises ValueError."""
    told = datetime.fromisoformat(text.replace("Z", "+00:00"))
    utc = told.astimezone(UTC) if told.tzinfo else told
    return f"{utc:%Y-%m-%d %H:%M}"


def _no_address(text: str) -> str:
    """An address of a page is kept by browsers and logs: nobody's e-mail belongs into one."""
    if "@" in text:
        raise ValueError("E-mail addresses are not searched for.")
    return text


EVENTS: Final = Filters(
    Key("show", default="in", choices=SHOWN, chip=False),
    Key("q", label="Id", accept=_no_address),
    Key("system", label="System", choices={}),
    Key("type", label="Type", accept=_no_address),
    Key("state", label="State", choices=STATES | SENT),
    Key("last", label="Time", choices=LAST),
    Key("since", label="From (UTC)", accept=instant),
    Key("until", label="To (UTC)", accept=instant),
    Key("event", label="Event", accept=whole_number),
    Key("case", label="Case", accept=whole_number),
    Key("tail", label="Live", choices={"on": "on"}, chip=False),
)


def choices(also: str = "") -> dict[str, Mapping[str, str]]:
    """
    What only the moment knows: the systems, and the types of the newest events, with ``also`` the
    one that was asked for. Two queries.
    """
    held = Connection.objects.order_by("label", "slug").values_list("slug", "label")
    return {
        "system": dict(held),
        "type": types() | dict.fromkeys((also,), also) if also else types(),
    }


def types() -> dict[str, str]:
    """The types of the newest events. One query."""
    newest = InboundEvent.objects.order_by("-id").values("type")[:_AMONG]
    with_types = InboundEvent.objects.filter(pk__in=newest.values("pk")).values_list("type")
    return {found: found for (found,) in with_types.order_by("type").distinct()}


def chosen_of(state: State, *, at: datetime) -> Chosen:
    """What the address chooses, ``at`` a moment."""
    since, until = moment(state.one("since")), moment(state.one("until"))
    if since is None and until is None and (last := state.one("last")):
        since = at - _SPANS[last]
    wanted = state.one("state")
    return Chosen(
        connection=state.one("system"), type=state.one("type"),
        state=wanted if wanted in STATES else "", entity=state.one("entity"), since=since,
        until=until, words=state.one("q"), event=_number(state.one("event")),
        case=_number(state.one("case")), dead=state.one("show") == "dead",
    )  # fmt: skip


def moment(text: str) -> datetime | None:
    """An instant of the address."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def _number(text: str) -> int | None:
    return int(text) if text else None
