"""Finding causes and cases by the words or the id that somebody typed."""

from __future__ import annotations

import re
from typing import Final

_ID: Final = re.compile(r"(?:EXC-)?(\d{1,18})", re.IGNORECASE | re.ASCII)
# Shorter words match nearly everything, and no trigram helps to find them.
_SHORTEST: Final = 3
MOST_FOUND: Final = 1_000
"""A search looks at so many matches; whoever finds more has to say more."""


def said(words: str) -> dict[str, object]:
    """The parameters of the statements below."""
    number = _ID.fullmatch(words)
    return {
        "words": f"%{_escaped(words)}%",
        "number": int(number[1]) if number else None,
        "long": len(words) >= _SHORTEST,
        "most": MOST_FOUND,
    }


CAUSES_SAYING: Final = """
SELECT key FROM exceptions_cause WHERE sentence ILIKE %(words)s
UNION SELECT cause_key FROM (
    SELECT cause_key FROM exceptions_case
    WHERE %(long)s AND subject_label ILIKE %(words)s AND NOT (state = 'resolved')
    LIMIT %(most)s
) AS subject
UNION SELECT cause_key FROM exceptions_case WHERE id = %(number)s
"""

OF_THESE: Final = """
SELECT id, cause_key FROM exceptions_case
WHERE id IN (SELECT id FROM ({saying}) AS said) AND {condition}
"""

CASES_SAYING: Final = """
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
