"""The queue's address: its keys, and the selection of cases that they ask for."""

from __future__ import annotations

from datetime import datetime

from exceptions import kinds
from exceptions.models import CaseState
from exceptions.queries.selection import Selection
from revops.web.filters import Filters, Key, State, whole_number

STATUSES = {
    "": "All open",
    "blocks": "Blocks close",
    "mine": "Mine",
    "new": "New",
    "regressed": "Regressed",
    "escalating": "Escalating",
    CaseState.IN_DOUBT.value: "In doubt",
    CaseState.RETRYING.value: "Retrying",
    "snoozed": "Snoozed",
    "dead": "Dead letters",
    CaseState.RESOLVED.value: "Resolved",
}
OWNERS = {"me": "You", "nobody": "Nobody"}
CAUSE_RANKS = {"impact": "Impact", "money": "Money", "oldest": "Oldest", "cases": "Cases"}
_MOST_UNITS = 10**12
CASE_RANKS = {"oldest": "Oldest", "newest": "Newest"}


def _no_address(text: str) -> str:
    """An address of a page is kept by browsers and logs: nobody's e-mail belongs into one."""
    if "@" in text:
        raise ValueError("E-mail addresses are not searched for.")
    return text


def _thousands(number: str) -> str:
    return f"{int(number):,}"


def _units(text: str) -> str:
    """More than the books can hold is asked for by nobody. Raises ValueError."""
    if int(whole_number(text)) > _MOST_UNITS:
        raise ValueError("No amount is as large.")
    return whole_number(text)


def _days(text: str) -> str:
    """A hundred years are enough. Raises ValueError."""
    if int(whole_number(text)) > 36_500:
        raise ValueError("No case is as old.")
    return whole_number(text)


QUEUE = Filters(
    Key("q", label="Words or id", accept=_no_address),
    Key("status", label="Status", choices=STATUSES, chip=False),
    Key("system", label="System"),
    Key("kind", label="Kind"),
    Key("owner", label="Owner", choices=OWNERS),
    Key("team", label="Team"),
    Key("amount_min", label="Amount from", accept=_units, said=_thousands, typed="number"),
    Key("amount_max", label="Amount up to", accept=_units, said=_thousands, typed="number"),
    Key("age_min", label="Days open, from", accept=_days, said=_thousands, typed="number"),
    Key("view", label="View", chip=False),
    Key("group", default="cause", choices={"cause": "By cause", "case": "By case"}, chip=False),
    Key("sort", label="Rank by", default="impact", choices=CAUSE_RANKS, chip=False),
    Key("order", label="Order", default="oldest", choices=CASE_RANKS, chip=False),
)


def choices_of_kinds() -> dict[str, str]:
    return {kind.slug: kind.label for kind in kinds.all()}


def choices_of_teams() -> dict[str, str]:
    return {team: team for team in sorted({kind.team for kind in kinds.all()})}


def selection_of(state: State, *, at: datetime, person: int | None) -> Selection:
    """The cases that the address asks for, for whoever looks."""
    return Selection(
        at=at,
        status=state.one("status"),
        words=state.one("q"),
        system=state.one("system"),
        kind=state.one("kind"),
        owner=state.one("owner"),
        team=state.one("team"),
        person=person,
        entity=state.one("entity"),
        period=state.one("period"),
        amount_min=_number(state.one("amount_min")),
        amount_max=_number(state.one("amount_max")),
        age_min=_number(state.one("age_min")),
    )


def _number(text: str) -> int | None:
    return int(text) if text else None


def words_of(state: State) -> str:
    """What the address asks for, in words: the tab and every filter."""
    chips = [f"{chip.label}: {chip.word}" for chip in state.chips]
    scope = [state.one(name) for name in ("entity", "period") if state.one(name)]
    return ", ".join([STATUSES[state.one("status")], *chips, *scope])


def by_case(state: State) -> bool:
    """One row per case: when asked for, and always for what is resolved."""
    return state.one("group") == "case" or state.one("status") == CaseState.RESOLVED
