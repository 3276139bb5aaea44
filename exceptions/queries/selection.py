"""What an address asked for, as conditions on the tally and on cases."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet, Subquery

from exceptions.models import UNRESOLVED, Case, CaseState
from revops.mappings.models import LegalEntity
from revops.store import sql

# A cause or case is new for as long.
NEW_FOR: Final = timedelta(hours=24)
_ID: Final = re.compile(r"(?:EXC-)?(\d{1,18})", re.IGNORECASE | re.ASCII)
# Shorter words match nearly everything, and no trigram helps to find them.
_SHORTEST: Final = 3
# A search looks at so many matches; whoever finds more has to say more.
MOST_FOUND: Final = 1_000


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which cases. ``status`` is a state, ``new`` or “” for all unresolved ones; ``entity`` is a
    legal entity's code, ``system`` a connection's slug; “” is any. ``at`` is now. Words are looked
    up once, by ``looked_up``.
    """

    at: datetime
    status: str = ""
    words: str = ""
    system: str = ""
    kind: str = ""
    entity: str = ""
    period: str = ""
    cause_key: str = ""
    keys: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()

    def with_status(self, status: str) -> Selection:
        return replace(self, status=status)

    @property
    def since(self) -> datetime:
        return self.at - NEW_FOR

    @property
    def unresolved(self) -> bool:
        return self.status != CaseState.RESOLVED

    def cases(self) -> QuerySet[Case]:
        """The cases, in no order."""
        chosen = Q()
        match self.status:
            case CaseState.RESOLVED:
                chosen &= Q(state=CaseState.RESOLVED)
            case "new":
                chosen &= UNRESOLVED & Q(opened_at__gte=self.since)
            case "":
                chosen &= UNRESOLVED
            case state:
                chosen &= UNRESOLVED & Q(state=state)
        for column, value in (
            ("connection_slug", self.system),
            ("kind", self.kind),
            ("period_code", self.period),
            ("cause_key", self.cause_key),
        ):
            if value:
                chosen &= Q(**{column: value})
        if self.entity:
            entity = LegalEntity.objects.filter(code=self.entity).values("pk")
            chosen &= Q(legal_entity=Subquery(entity))
        if self.words:
            chosen &= Q(pk__in=self.ids)
        return Case.objects.filter(chosen)

    def _said(self) -> dict[str, object]:
        number = _ID.fullmatch(self.words)
        return {
            "words": f"%{_escaped(self.words)}%",
            "number": int(number[1]) if number else None,
            "long": len(self.words) >= _SHORTEST,
            "most": MOST_FOUND,
        }

    def looked_up(self, *, cases: bool = False) -> Selection:
        """
        With ``keys``, the causes that say the words or hold an unresolved case that does; or, for
        a list of ``cases``, their ids. One query, by index.
        """
        if not self.words:
            return self
        if not cases:
            found = sql.rows(_CAUSES_SAYING, self._said())
            return replace(self, keys=tuple(row.key for row in found))
        settled = self.status == CaseState.RESOLVED
        found = sql.rows(_CASES_SAYING, self._said() | {"settled": settled})
        ids = tuple(row.id for row in found)
        return replace(self, ids=ids, keys=tuple({row.cause_key for row in found}))

    def tally(self, *, status: bool = True) -> tuple[str, dict[str, object]]:
        """
        The same as a condition on ``exceptions_tally``, with its parameters; ``status`` False
        leaves the state open. Words choose causes.
        """
        parts = ["true"]
        params: dict[str, object] = {}
        if status and self.status not in ("", "new"):
            parts.append("state = %(state)s")
            params["state"] = self.status
        for column, value in (
            ("connection_slug", self.system),
            ("kind", self.kind),
            ("period_code", self.period),
            ("cause_key", self.cause_key),
        ):
            if value:
                parts.append(f"{column} = %({column})s")
                params[column] = value
        if self.entity:
            parts.append(
                "legal_entity_id = (SELECT id FROM mappings_legalentity WHERE code = %(entity)s)"
            )
            params["entity"] = self.entity
        if self.words:
            parts.append("cause_key = ANY(%(keys)s)")
            params["keys"] = list(self.keys)
        return " AND ".join(parts), params


_CAUSES_SAYING: Final = """
SELECT key FROM exceptions_cause WHERE sentence ILIKE %(words)s
UNION SELECT cause_key FROM (
    SELECT cause_key FROM exceptions_case
    WHERE %(long)s AND subject_label ILIKE %(words)s AND NOT (state = 'resolved')
    LIMIT %(most)s
) AS subject
UNION SELECT cause_key FROM exceptions_case WHERE id = %(number)s
"""

_CASES_SAYING: Final = """
SELECT id, cause_key FROM (
    SELECT id, cause_key FROM exceptions_case
    WHERE %(long)s AND subject_label ILIKE %(words)s AND (state = 'resolved') = %(settled)s
    LIMIT %(most)s
) AS subject
UNION SELECT id, cause_key FROM (
    SELECT held.id, held.cause_key FROM exceptions_cause cause
    JOIN exceptions_case held ON held.cause_key = cause.key
    WHERE cause.sentence ILIKE %(words)s AND NOT (held.state = 'resolved') AND NOT %(settled)s
    LIMIT %(most)s
) AS open_of_cause
UNION SELECT id, cause_key FROM (
    SELECT held.id, held.cause_key FROM exceptions_cause cause
    JOIN exceptions_case held ON held.cause_key = cause.key
    WHERE cause.sentence ILIKE %(words)s AND held.state = 'resolved' AND %(settled)s
    LIMIT %(most)s
) AS settled_of_cause
UNION SELECT id, cause_key FROM exceptions_case WHERE id = %(number)s
LIMIT %(most)s
"""


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
