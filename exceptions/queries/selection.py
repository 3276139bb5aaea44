"""What an address asked for, as conditions on the tally and on cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet, Subquery

from exceptions import kinds
from exceptions.models import RESOLVED, UNRESOLVED, Case, CaseState
from exceptions.queries.pressing import Signals, signals
from exceptions.queries.saying import CASES_SAYING, CAUSES_SAYING, OF_THESE, said
from revops.kernel.money import currencies_of
from revops.mappings.models import LegalEntity
from revops.store import sql

# A cause or case is new for as long.
NEW_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which cases. ``status`` is a tab: “” for everything that is open, a state, or one of blocks,
    mine, new, regressed, escalating, snoozed and dead. What is snoozed is in its own tab and in no
    other, unless a ``cause_key`` is asked for. ``entity`` is a legal entity's code, ``system`` a
    connection's slug, ``owner`` me, nobody or “”; “” is any. ``amount_min`` and ``amount_max`` are
    whole units of each case's own currency, whichever side the money is on; a case whose amount is
    not known is not within. ``age_min`` are days. ``at`` is now, ``person`` whoever looks. Words
    and signals are looked up once, by ``looked_up``.
    """

    at: datetime
    status: str = ""
    words: str = ""
    system: str = ""
    kind: str = ""
    state: str = ""
    owner: str = ""
    team: str = ""
    entity: str = ""
    period: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    age_min: int | None = None
    cause_key: str = ""
    causes: tuple[str, ...] = ()
    person: int | None = None
    keys: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    signals: Signals | None = None
    new_for: timedelta = NEW_FOR

    def with_status(self, status: str) -> Selection:
        return replace(self, status=status)

    @property
    def since(self) -> datetime:
        return self.at - self.new_for

    @property
    def unresolved(self) -> bool:
        return self.status != CaseState.RESOLVED

    @property
    def known(self) -> Signals:
        """The signals; none when nobody looked them up."""
        return self.signals or Signals()

    def cases(self) -> QuerySet[Case]:
        """The cases, in no order."""
        chosen = self._tab()
        for column, value in self._columns():
            chosen &= Q(**{column: value})
        if self.causes:
            chosen &= Q(cause_key__in=self.causes)
        if self.owner:
            chosen &= Q(assignee=self.person) if self.owner == "me" else Q(assignee__isnull=True)
        if self.entity:
            entity = LegalEntity.objects.filter(code=self.entity).values("pk")
            chosen &= Q(legal_entity=Subquery(entity))
        if self.age_min is not None:
            chosen &= Q(opened_at__lte=self._old)
        if self.amount_min is not None:
            chosen &= _amounts(self.amount_min, beyond=True)
        if self.amount_max is not None:
            chosen &= _amounts(self.amount_max, beyond=False)
        if self.words:
            chosen &= Q(pk__in=self.ids)
        return Case.objects.filter(chosen)

    def _columns(self) -> list[tuple[str, str]]:
        every = (
            ("connection_slug", self.system),
            ("kind", self.kind),
            ("state", self.state if self.unresolved else ""),
            ("owner_team", self.team),
            ("period_code", self.period),
            ("cause_key", self.cause_key),
        )
        return [(column, value) for column, value in every if value]

    def _tab(self) -> Q:
        if self.status == CaseState.RESOLVED:
            return RESOLVED
        awake = UNRESOLVED if self.cause_key else UNRESOLVED & Q(snoozed=False)
        match self.status:
            case "":
                return awake
            case "snoozed":
                return UNRESOLVED & Q(snoozed=True)
            case "new":
                return awake & Q(opened_at__gte=self.since)
            case "mine":
                return awake & Q(assignee=self.person, assignee__isnull=False)
            case "regressed":
                return awake & Q(regressed=True)
            case "escalating":
                return awake & Q(cause_key__in=self.known.escalating)
            case "dead":
                return awake & Q(kind__in=dead_letters())
            case "blocks":
                return awake & self._pressing()
            case state:
                return awake & Q(state=state)

    def _pressing(self) -> Q:
        by_entity: dict[int, list[str]] = {}
        for entity_id, code in self.known.blocking:
            by_entity.setdefault(entity_id, []).append(code)
        found = Q(pk__in=[])
        for entity_id, codes in by_entity.items():
            found |= Q(legal_entity=entity_id, period_code__in=codes)
        return found

    def looked_up(self, *, cases: bool = False) -> Selection:
        """
        With the signals, which the tabs count by; and with ``keys``, the causes that say the words
        or hold an unresolved case that does; or, for a list of ``cases``, their ids. Three queries
        at most, by index.
        """
        found = replace(self, signals=self.signals or self._needed())
        if not self.words:
            return found
        if not cases:
            saying = sql.rows(CAUSES_SAYING, said(self.words))
            return replace(found, keys=tuple(row.key for row in saying))
        condition, params = replace(self, words="").tally()
        if self.status == "":
            condition += " AND NOT (state = 'resolved') AND NOT snoozed"
        settled = self.status == CaseState.RESOLVED
        statement = OF_THESE.format(saying=CASES_SAYING, condition=condition)
        rows = sql.rows(statement, params | said(self.words) | {"settled": settled})
        ids = tuple(row.id for row in rows)
        return replace(found, ids=ids, keys=tuple({row.cause_key for row in rows}))

    def _needed(self) -> Signals:
        """A search has no counts on these tabs, so it pays for them only where it stands on one."""
        wanted = not self.words or self.status in ("blocks", "escalating")
        return signals(self.at) if wanted else Signals()

    @property
    def counted(self) -> bool:
        """Whether ``ids`` are exactly what a list of cases shows."""
        return bool(self.words) and self.status == ""

    @property
    def _old(self) -> datetime:
        return self.at - timedelta(days=self.age_min or 0)

    @property
    def cells(self) -> str:
        """
        What is summed up: the tally; or, where the address asks for what the tally does not know,
        the cases themselves, one by one, under the tally's columns.
        """
        narrow = (self.amount_min, self.amount_max, self.age_min)
        return "exceptions_tally" if all(one is None for one in narrow) else _ONE_BY_ONE

    def tally(self) -> tuple[str, dict[str, object]]:
        """
        The filters as a condition on ``cells`` or on cases, with its parameters; the tab is left
        open (``tab``). Words choose causes.
        """
        parts = ["true"]
        params: dict[str, object] = {
            "person": self.person,
            "escalating": self.known.escalating,
            "entities": [entity_id for entity_id, _ in self.known.blocking],
            "codes": [code for _, code in self.known.blocking],
            "dead": list(dead_letters()),
            "since": self.since,
        }
        for column, value in self._columns():
            parts.append(f"{column} = %({column})s")
            params[column] = value
        if self.causes:
            parts.append("cause_key = ANY(%(causes)s)")
            params["causes"] = list(self.causes)
        if self.owner:
            own = "assignee_id = %(person)s" if self.owner == "me" else "assignee_id IS NULL"
            parts.append(own)
        if self.entity:
            parts.append(
                "legal_entity_id = (SELECT id FROM mappings_legalentity WHERE code = %(entity)s)"
            )
            params["entity"] = self.entity
        if self.age_min is not None:
            parts.append("opened_at <= %(old)s")
            params["old"] = self._old
        for name, sign, limit in (
            ("amount_min", ">=", self.amount_min), ("amount_max", "<=", self.amount_max),
        ):  # fmt: skip
            if limit is not None:
                # A case whose amount is not known is NULL there, and under no currency here.
                parts.append(f"abs(at_stake) {sign} %({name})s * {_UNIT} AND currency <> ''")
                params[name] = limit
        if params.keys() & {"amount_min", "amount_max"}:
            params |= {f"digits_{digits}": list(codes) for digits, codes in _ODD.items()}
        if self.words:
            parts.append("cause_key = ANY(%(keys)s)")
            params["keys"] = list(self.keys)
        return " AND ".join(parts), params

    def tab(self) -> str:
        """The tab as a condition on cells with ``FLAGS``, with the parameters of ``tally``."""
        awake = "true" if self.cause_key else "NOT snoozed"
        match self.status:
            case "" | "new":
                return awake
            case "snoozed":
                return "snoozed"
            case "mine" | "regressed" | "escalating" | "dead" | "blocks" as flag:
                return f"{awake} AND {flag}"
            case _:
                # A state of CaseState; anything else is no choice of the address.
                return f"{awake} AND state = '{CaseState(self.status)}'"


FLAGS: Final = """
    (assignee_id IS NOT NULL AND assignee_id IS NOT DISTINCT FROM %(person)s) AS mine,
    kind = ANY(%(dead)s) AS dead,
    cause_key IN (SELECT unnest(%(escalating)s::text[])) AS escalating,
    (legal_entity_id, period_code) IN (
        SELECT * FROM unnest(%(entities)s::bigint[], %(codes)s::text[])
    ) AS blocks
"""
"""What a cell of the tally is to the tabs, for whoever looks."""


_ONE_BY_ONE: Final = """(
    SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug, assignee_id,
        owner_team, regressed, snoozed, opened_at, 1 AS cases, coalesce(at_stake, 0) AS at_stake,
        CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS currency
    FROM exceptions_case WHERE NOT (state = 'resolved')
) AS one_by_one"""
# Currencies whose unit is not a hundred minor ones, by their digits.
_ODD: Final = {digits: currencies_of(digits) for digits in (0, 3, 4)}
_UNIT: Final = """CASE WHEN currency = ANY(%(digits_0)s) THEN 1
    WHEN currency = ANY(%(digits_3)s) THEN 1000 WHEN currency = ANY(%(digits_4)s) THEN 10000
    ELSE 100 END"""


def _amounts(units: int, *, beyond: bool) -> Q:
    """Cases of at least (``beyond``) or at most so many units, of either sign."""
    found = Q()
    odd = [code for codes in _ODD.values() for code in codes]
    for digits, chosen in (
        (2, ~Q(currency__in=odd)),
        *((digits, Q(currency__in=codes)) for digits, codes in _ODD.items() if codes),
    ):
        minor = units * 10**digits
        inside = Q(at_stake__lte=minor, at_stake__gte=-minor)
        outside = Q(at_stake__gte=minor) | Q(at_stake__lte=-minor)
        found |= chosen & (outside if beyond else inside)
    return found & ~Q(currency="")


def dead_letters() -> list[str]:
    """Kinds of case about what came in and became no record."""
    return [kind.slug for kind in kinds.all() if kind.dead_letter]
