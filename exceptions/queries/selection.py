"""What an address asked for, as conditions on the tally and on cases."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet, Subquery

from exceptions.models import UNRESOLVED, Case, CaseState, Cause
from revops.mappings.models import LegalEntity

# A cause or case is new for as long.
NEW_FOR: Final = timedelta(hours=24)
_ID: Final = re.compile(r"(?:EXC-)?(\d{1,18})", re.IGNORECASE | re.ASCII)
# Shorter words match nearly everything, and no trigram helps to find them.
_SHORTEST: Final = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which cases. ``status`` is a state, ``new`` or “” for all unresolved ones; ``entity`` is a
    legal entity's code, ``system`` a connection's slug; “” is any. ``at`` is now.
    """

    at: datetime
    status: str = ""
    words: str = ""
    system: str = ""
    kind: str = ""
    entity: str = ""
    period: str = ""
    cause_key: str = ""

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
        return Case.objects.filter(chosen, self._words())

    def _words(self) -> Q:
        if not self.words:
            return Q()
        causes = Cause.objects.filter(sentence__icontains=self.words).values("key")
        found = Q(cause_key__in=causes)
        if number := _ID.fullmatch(self.words):
            found |= Q(pk=int(number[1]))
        if len(self.words) >= _SHORTEST:
            found |= Q(subject_label__icontains=self.words)
        return found

    def tally(self, *, status: bool = True) -> tuple[str, dict[str, object]]:
        """
        The same as a condition on ``exceptions_tally``, with its parameters; ``status`` False
        leaves the state open. Words choose causes: those that say them or hold a case that does.
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
            parts.append(_WORDS_OF_CAUSES)
            params["words"] = f"%{_escaped(self.words)}%"
            number = _ID.fullmatch(self.words)
            params["number"] = int(number[1]) if number else None
            params["long"] = len(self.words) >= _SHORTEST
        return " AND ".join(parts), params


_WORDS_OF_CAUSES: Final = """(
    cause_key IN (SELECT key FROM exceptions_cause WHERE sentence ILIKE %(words)s)
    OR cause_key IN (
        SELECT cause_key FROM exceptions_case
        WHERE %(long)s AND NOT (state = 'resolved') AND subject_label ILIKE %(words)s
    )
    OR cause_key = (SELECT cause_key FROM exceptions_case WHERE id = %(number)s)
)"""


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
