"""
When a refusal is more than a refusal: the rest of the document stands.

Postings of one document end in any order, so it is looked at from both sides: a refusal with
something posted beside it, and a posting with something refused beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from exceptions.findings import Finding
from exceptions.models import UNRESOLVED, Case
from revops.pipeline.partial.legs import Leg, is_partial, legs_of, refused_beside

KIND: Final = "partial_posting"
# What a target said no to. What is there twice or otherwise is looked at for itself.
REFUSALS: Final = frozenset({"refused", "target_setup", "period_closed", "unbalanced"})


def sorted_out(stopped: Sequence[Finding]) -> list[Finding]:
    """The same findings; a refusal of a part is of its own kind."""
    asked = [one.command_id for one in stopped if one.command_id and one.kind in REFUSALS]
    known = legs_of(asked)
    return [
        _partial(one, known[one.command_id], root=one.cause_key)
        if one.command_id in known and is_partial(known[one.command_id])
        else one
        for one in stopped
    ]


def turned(posted_entries: Sequence[int]) -> list[Finding]:
    """Cases of refusals beside which something has just been posted, as findings anew."""
    refused = refused_beside(posted_entries)
    if not refused:
        return []
    known = legs_of(refused)
    held = Case.objects.filter(UNRESOLVED, command__in=refused, kind__in=REFUSALS)
    return [
        _partial(_again(case), known[case.command_id], root=case.cause_key)
        for case in held
        if case.command_id is not None and is_partial(known.get(case.command_id, ()))
    ]


def _partial(found: Finding, legs: Sequence[Leg], *, root: str) -> Finding:
    """``root`` is the cause that the refusal has by itself: what shares it shares this one."""
    stands = [leg for leg in legs if leg.stands]
    first = stands[0]
    where = f"{first.target}, {first.external_number}" if first.external_number else first.target
    more = f" and {len(stands) - 1} more" if len(stands) > 1 else ""
    return replace(
        found,
        kind=KIND,
        cause_parts=root,
        cause=f"Only a part is posted: {found.cause}",
        what_happened=f"{found.what_happened} Another part of the same document stands.",
        facts=(
            *(one for one in found.facts if one[0] != "Stands"),
            ("Stands", f"JE-{first.entry_id} in {where}{more}"),
        ),
    )


def _again(case: Case) -> Finding:
    """The finding that the case was opened for."""
    return Finding(
        kind=case.kind,
        identity=f"command:{case.command_id}",
        cause_parts="",
        cause=case.cause,
        what_happened=case.what_happened,
        legal_entity_id=case.legal_entity_id,
        period_code=case.period_code,
        currency=case.currency,
        at_stake=case.at_stake,
        path=case.path,
        customer_name=case.customer_name,
        subject_label=case.subject_label,
        blocked_steps=tuple(case.blocked_steps),
        facts=tuple((label, value) for label, value in case.facts),
        command_id=case.command_id,
        record_kind=case.record_kind,
        record_id=case.record_id,
        connection_slug=case.connection_slug,
        correlation_id=case.correlation_id,
    )
