"""What stands behind a certificate besides events and entries: comparisons, approvals, versions."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from approvals.models import ApprovalRequest, Decision
from revops.close.certificate.scope import Period
from revops.close.models import Certificate
from revops.reconciliation.models import Break, Run, SignOff
from revops.store import sql

_MOST: Final = 20_000
_USED: Final = """
SELECT entry.mapping_version AS id, count(*) AS entries, min(entry.accounting_date) AS first,
    max(entry.accounting_date) AS last
FROM ledger_journalentry entry JOIN certified_entry own ON own.id = entry.id GROUP BY 1 ORDER BY 1
"""
_SETS: Final = """
SELECT held.id, held.kind, held.reason, held.version_id, held.settled_at, held.approval,
    maker.name AS made_by
FROM mappings_changeset held JOIN accounts_user maker ON maker.id = held.made_by_id
WHERE held.state = 'applied' AND held.settled_at <= %(upto)s
    AND (held.entities = '{}' OR %(code)s = ANY(held.entities))
ORDER BY held.id
"""


def instant(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else ""


def runs_of(certificate: Certificate, period: Period) -> list[dict[str, Any]]:
    """Those that the certificate names, with the breaks that were known when it was sealed."""
    named = json.loads(certificate.body)["sealed"]["runs"]
    numbers = [int(one["run"].removeprefix("REC-")) for one in named]
    found = Run.objects.filter(number__in=numbers, legal_entity_id=period.entity_id)
    upto, told = certificate.sealed_at, []
    for run in found.select_related("pair__left", "pair__right", "rules").order_by("number"):
        scope = {
            "pair_id": run.pair_id, "legal_entity_id": run.legal_entity_id,
            "period_code": run.period_code,
        }  # fmt: skip
        breaks = Break.objects.filter(**scope, opened_at__lte=upto).exclude(settled_at__lte=upto)
        signed = SignOff.objects.filter(**scope, at__lte=upto).select_related("by")
        told.append(
            {
                "run": str(run), "check": run.pair.check_slug,
                "left": run.pair.left.slug if run.pair.left else "",
                "right": run.pair.right.slug if run.pair.right else "",
                "rules": run.rules.number, "began_at": instant(run.began_at),
                "ended_at": instant(run.ended_at), "figures": run.figures,
                "sides_sha256": run.evidence,
                "breaks": [
                    {
                        "type": one.type, "left": one.left_key, "right": one.right_key,
                        "currency": one.currency, "difference": one.difference,
                        "case": f"EXC-{one.case_id}" if one.case_id else "",
                    }
                    for one in breaks.order_by("pk")[:_MOST]
                ],
                "names": [
                    {"role": one.role, "by": one.by.name, "at": instant(one.at)}
                    for one in signed.order_by("pk")
                ],
            }
        )  # fmt: skip
    return told


def approvals_of(period: Period, *, upto: datetime) -> list[dict[str, Any]]:
    """What was asked for this legal entity from the period's first day on, and decided by then."""
    found = ApprovalRequest.objects.filter(
        entity=period.entity, requested_at__date__gte=period.starts, ended_at__lte=upto
    ).select_related("requested_by")
    held = list(found.order_by("pk")[:_MOST])
    decided: dict[int, list[dict[str, str]]] = {}
    for one in (
        Decision.objects.filter(request__in=held).select_related("decided_by").order_by("pk")
    ):
        decided.setdefault(one.request_id, []).append(
            {"by": one.decided_by.name, "verdict": one.verdict, "at": instant(one.decided_at)}
        )
    return [
        {
            "request": str(one), "subject": one.subject, "about": one.subject_id,
            "title": one.title, "state": one.state, "currency": one.currency,
            "amount": one.amount, "sha256": one.sha256,
            "asked_by": one.requested_by.name if one.requested_by else one.rule,
            "asked_at": instant(one.requested_at), "ended_at": instant(one.ended_at),
            "decisions": decided.get(one.pk, []),
        }
        for one in held
    ]  # fmt: skip


def versions_of(period: Period, *, upto: datetime) -> dict[str, Any]:
    """The versions of the maps that entries were made by, and what was changed up to then."""
    return {
        "used": [
            {
                "maps": row.id, "entries": row.entries, "first": row.first.isoformat(),
                "last": row.last.isoformat(),
            }
            for row in sql.once(_USED)
        ],
        "changes": [
            {
                "change": f"MC-{row.id}", "kind": row.kind, "reason": row.reason,
                "made": row.version_id, "by": row.made_by, "in_force": instant(row.settled_at),
                "approval": f"APR-{row.approval}" if row.approval else "",
            }
            for row in sql.rows(_SETS, {"code": period.entity, "upto": upto})
        ],
    }  # fmt: skip
