"""What the entity and period switches of the top bar offer: one query for both."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

from revops.store import sql

# Two years of months, several calendars: the newest are what anybody looks for.
_PERIODS: Final = 24
_KEPT: Final = "_revops_scopes"

_BOTH: Final = """
SELECT 'entity' AS what, code, name, NULL::bigint AS place FROM mappings_legalentity
UNION ALL
SELECT 'period', code, code, row_number() OVER (ORDER BY code DESC) FROM (
    SELECT DISTINCT code FROM mappings_accountingperiod ORDER BY code DESC LIMIT %s
) AS newest
ORDER BY 1, 4, 3
"""


def entities(request: HttpRequest) -> dict[str, str]:
    """Code → name of every legal entity that the page sees, by name."""
    return _scopes(request)["entity"]


def periods(request: HttpRequest) -> dict[str, str]:
    """The codes of the newest periods, whichever entity's, the newest first."""
    return _scopes(request)["period"]


def _scopes(request: HttpRequest) -> dict[str, dict[str, str]]:
    held: dict[str, dict[str, str]] | None = getattr(request, _KEPT, None)
    if held is None:
        held = {"entity": {}, "period": {}}
        for row in sql.rows(_BOTH, (_PERIODS,)):
            held[row.what][row.code] = row.name
        setattr(request, _KEPT, held)
    return held
