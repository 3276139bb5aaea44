"""Rows of ``expected`` about certificates, and the one that a side has."""

from __future__ import annotations

from typing import Final

from revops.close.certificate import evidence
from revops.close.certificate.canonical import canonical
from revops.close.certificate.scope import period_of
from revops.close.models import Certificate
from revops.kernel import clock
from tests.access.sides import Side

#                                                               fin mgr rev sup adm aud nobody
PERSONS: Final = """\
GET  /close/packs/                                         own   200 200 200 403 403 200 403
GET  /close/<slug:period>/<slug:entity>/certificate        own   200 200 200 403 403 200 403
GET  /close/<slug:period>/<slug:entity>/certificate        other 404 404 404 403 403 404 403
POST /close/<slug:period>/<slug:entity>/certificate/seal   own   403 409 403 403 403 403 403
POST /close/<slug:period>/<slug:entity>/certificate/seal   other 403 404 403 403 403 403 403
GET  /close/<slug:period>/<slug:entity>/certificate.json   own   200 200 200 403 403 200 403
GET  /close/<slug:period>/<slug:entity>/certificate.json   other 404 404 404 403 403 404 403
GET  /close/<slug:period>/<slug:entity>/certificate.pdf    own   200 200 200 403 403 200 403
GET  /close/<slug:period>/<slug:entity>/certificate.pdf    other 404 404 404 403 403 404 403
POST /close/<slug:period>/<slug:entity>/evidence.zip       own   200 200 200 403 403 200 403
POST /close/<slug:period>/<slug:entity>/evidence.zip       other 404 404 404 403 403 404 403
"""


def certify(side: Side) -> None:
    """A certificate of the side's period, as somebody could have sealed it."""
    period = period_of(side.entity.code, side.period.code)
    assert period is not None
    now, told = clock.now(), evidence.read(period)
    body = {
        "evidence": told.told, "evidence_sha256": told.sha256,
        "sealed": {
            "at": "2026-11-05T09:00:00Z", "by": side.colleague.name, "follows": "", "runs": [],
            "period_state": "open", "audit": {"seq": 1, "hash": ""}, "signed_off": [],
        },
    }  # fmt: skip
    side.made["certificate"] = Certificate.objects.create(
        legal_entity=side.entity, period_code=period.code, body=canonical(body),
        evidence=told.sha256, signature="AAAA", key="k", sealed_by=side.colleague, sealed_at=now,
        period_state="open", checked_at=now,
    )  # fmt: skip
