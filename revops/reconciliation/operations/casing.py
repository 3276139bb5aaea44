"""
Breaks as cases: one for each that needs somebody, grouped by pair, type and likely reason, and
settled when the break is gone. Set-wise, within the run's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exceptions import operations as cases
from exceptions.findings import Finding
from revops.kernel.money import Money
from revops.reconciliation import kinds
from revops.reconciliation.engine.rows import Row
from revops.reconciliation.engine.sides import Scope
from revops.reconciliation.engine.writing import Written
from revops.store import sql

_CAUSES: Final = {
    "missing_right": "{right} lacks {noun} that {left} has",
    "missing_left": "{right} has {noun} that {left} lacks",
    "amount": "Amounts of {noun} differ between {left} and {right}",
    "tax": "Taxes of {noun} differ between {left} and {right}",
    "currency": "Currencies of {noun} differ between {left} and {right}",
    "state": "The status of {noun} differs between {left} and {right}",
    "period": "{left} and {right} have {noun} in different periods",
    "duplicate": "{noun} are listed twice",
    "probable_duplicate": "{right} probably lists {noun} twice",
    "deleted": "{noun} were deleted after they were posted",
    "edited": "{noun} were edited after they were posted",
}
_HINTS: Final = {
    "fee": "by the provider's fee", "rate": "by the exchange rate", "net": "by the tax",
    "sign": "by their sign", "hundred": "by a factor of 100", "digits": "by swapped digits",
}  # fmt: skip

# The fault that keeps something from being where it belongs has a case already: the line's own.
_KNOWN: Final = """
SELECT DISTINCT ON (record_kind, record_id) record_kind, record_id, id FROM exceptions_case
WHERE NOT (state = 'resolved') AND NOT kind LIKE 'break\\_%%'
    AND (record_kind, record_id) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))
ORDER BY record_kind, record_id, id
"""

_LINK: Final = """
UPDATE reconciliation_break AS held SET case_id = found.id
FROM unnest(%s::bigint[], %s::text[]) AS made (break_id, fingerprint)
JOIN exceptions_case AS found ON found.fingerprint = made.fingerprint
    AND NOT (found.state = 'resolved')
WHERE held.id = made.break_id
"""

_SHARE: Final = """
UPDATE reconciliation_break AS held SET case_id = made.case_id
FROM unnest(%s::bigint[], %s::bigint[]) AS made (break_id, case_id) WHERE held.id = made.break_id
"""

_FREE: Final = """
SELECT found.fingerprint FROM exceptions_case AS found
WHERE found.id = ANY(%s) AND found.fingerprint <> ALL(%s)
    AND (found.kind LIKE 'break\\_%%' OR found.kind = ANY(%s))
"""


@dataclass(frozen=True, slots=True)
class Sides:
    """What the systems are called on the case, and whose page its connection leads to."""

    left: str
    right: str
    connection_slug: str = ""


def report(
    scope: Scope, sides: Sides, written: Sequence[Written], *, at: datetime, run: str
) -> int:
    """
    Open or change the cases of breaks that changed; settle those of breaks that turned into
    something else. Says how many cases were reported.
    """
    changed = [one for one in written if one.changed]
    needs = [one for one in changed if one.state == "open" and _own(one)]
    shared = _shared(needs)
    findings = {one.id: _finding(scope, sides, one, run) for one in needs if one.id not in shared}
    prints = {id: finding.fingerprint for id, finding in findings.items()}
    settle(
        scope, [one.was[3] for one in changed if one.was and one.was[3]], at=at,
        text="The difference turned into another one.", keep=list(prints.values()),
    )  # fmt: skip
    cases.report(list(findings.values()), at=at)
    if prints:
        sql.run(_LINK, (list(prints), list(prints.values())))
    if shared:
        sql.run(_SHARE, (list(shared), list(shared.values())))
    return len(findings)


def settle(
    scope: Scope, case_ids: Sequence[int], *, at: datetime, text: str, keep: Sequence[str] = ()
) -> None:
    """Settle the cases that breaks opened; those of the line are the line's to settle."""
    if not case_ids:
        return
    own = sorted(set(scope.check.kinds.values()))
    found = sql.rows(_FREE, (list(case_ids), list(keep), own))
    cases.settle(fingerprints=[row.fingerprint for row in found], text=text, at=at)


def _own(one: Written) -> bool:
    """A difference of currencies is a break in each currency, and one case."""
    return one.type != "currency" or bool(one.found.left)


def _shared(needs: Sequence[Written]) -> dict[int, int]:
    """Breaks of what is missing because of a fault that has a case: its id, by the break's."""
    records = {
        one.id: (row.record_kind, row.record_id)
        for one in needs
        if one.type in ("missing_right", "missing_left", "period")
        for row in (*one.found.left, *one.found.right)
        if row.record_kind and row.record_id is not None
    }
    if not records:
        return {}
    told, ids = (list(column) for column in zip(*records.values(), strict=True))
    known = {(row.record_kind, row.record_id): row.id for row in sql.rows(_KNOWN, (told, ids))}
    return {id: known[record] for id, record in records.items() if record in known}


def _finding(scope: Scope, sides: Sides, one: Written, run: str) -> Finding:
    found = one.found
    row = (*found.left, *found.right)[0]
    ours = next((held for held in (*found.left, *found.right) if held.record_kind), None)
    noun = scope.check.noun
    cause = _CAUSES[one.type].format(left=sides.left, right=sides.right, noun=noun)
    if one.type == "amount" and found.hint in _HINTS:
        cause += f", {_HINTS[found.hint]}"
    return Finding(
        kind=kinds.of(scope.check, one.type),
        identity=f"{scope.pair_id}:{found.fingerprint}",
        cause_parts=f"{scope.pair_id}|{one.type}|{found.hint}",
        cause=cause[:1].upper() + cause[1:],
        what_happened=found.reason,
        legal_entity_id=scope.entity_id,
        period_code=scope.period_code,
        currency=found.currency,
        at_stake=found.at_stake,
        path=f"{sides.left} ↔ {sides.right}",
        customer_name=next((held.party for held in (*found.left, *found.right) if held.party), ""),
        subject_label=row.name,
        blocked_steps=("Tie out the period",),
        facts=(
            ("Found by", run),
            *_facts(sides.left, found.left),
            *_facts(sides.right, found.right),
            ("Difference", str(Money(found.difference, found.currency))),
        ),
        record_kind=ours.record_kind if ours else "",
        record_id=ours.record_id if ours else None,
        connection_slug=sides.connection_slug,
    )


def _facts(label: str, rows: Sequence[Row]) -> list[tuple[str, str]]:
    if not rows:
        return [(f"In {label}", "not there")]
    return [
        (
            f"In {label}",
            ", ".join(filter(None, (row.name, str(row.money), str(row.dated), row.state))),
        )
        for row in rows
    ]
