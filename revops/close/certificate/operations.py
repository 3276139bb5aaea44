"""
Sealing a certificate, looking whether it still holds, and suspending it.

Sealed is what is complete: nothing unaccounted for, nothing under way. Open cases may be, each by
its number. The key is that of the audit trail's anchors; the trail's last link stands in the
certificate, so that neither can be written anew without the other.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit import anchors
from revops.audit.operations import record, recorded
from revops.audit.queries import Head
from revops.close.certificate import evidence as evidences
from revops.close.certificate.canonical import canonical, file_of, sign
from revops.close.certificate.evidence import Evidence
from revops.close.certificate.queries import reopened, standing, touched
from revops.close.certificate.scope import Period, period_of
from revops.close.models import Certificate, PeriodSignOff
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.mappings.models import AccountingPeriod
from revops.notices.operations import tell

KIND: Final = "certificate_suspended"
# What has come is what counts; once in a while everything is read again whatever has come.
ANEW: Final = timedelta(hours=24)
_SLOW: Final = 4


class SealRefused(Exception):
    """It cannot be sealed now; the message says why."""


def why_not(found: Evidence) -> str:
    """What stands between these books and a certificate; blank when nothing does."""
    if found.period.ends >= local_date(clock.now(), found.period.zone):
        return f"The period ends on {found.period.ends} and has not ended yet."
    if found.unaccounted:
        return f"{_many(found.unaccounted, 'event')} cannot be accounted for."
    if found.waiting:
        return (
            f"{_many(found.waiting, 'event or entry', 'events or entries')} are under way. "
            "Wait until they have arrived."
        )
    return ""


@recorded
def seal(*, period: Period, by: User, seen: str) -> Certificate:
    """
    Seal what is. ``seen`` is the digest of the evidence as the person had it before them. One that
    stands is followed by the new one, and stays as it was.

    Raises NotAllowed, OutOfScope, SealRefused.
    """
    by = authorize(by, "close.sign", entities=[period.entity], fresh=True)
    with transaction.atomic():
        AccountingPeriod.objects.select_for_update().get(pk=period.id)
        again = period_of(period.entity, period.code)
        assert again is not None
        now, found = clock.now(), evidences.read(again)
        if found.sha256 != seen:
            raise SealRefused("The figures changed while you looked at them. Look again first.")
        why = why_not(found)
        if why:
            raise SealRefused(why)
        before = standing(period.entity_id, period.code)
        if before is not None:
            _suspend(before, "Somebody sealed it anew.", told=False)
        body = body_of(found, user=by, at=now, before=before)
        try:
            key = anchors.private_key()
        except ImproperlyConfigured as error:
            raise SealRefused("The console has no key to seal with (REVOPS_AUDIT_KEY).") from error
        made = Certificate.objects.create(
            legal_entity_id=period.entity_id, period_code=period.code, body=body,
            evidence=found.sha256, signature=sign(body, key), key=key_name(), sealed_by=by,
            sealed_at=now, period_state=again.state, checked_at=now,
        )  # fmt: skip
        record(
            "certificate.seal", by=actor_of(by), kind="certificate", reference=str(made),
            label=f"{period.entity} {period.code}", entity=period.entity,
            before={"certificate": str(before), "evidence": before.evidence} if before else None,
            after={"evidence": made.evidence, "signature": made.signature},
        )  # fmt: skip
    return made


def body_of(found: Evidence, *, user: User, at: datetime, before: Certificate | None = None) -> str:
    """The canonical text that is signed: the evidence, and who seals it beside what else stands."""
    head = Head()
    names = PeriodSignOff.objects.filter(
        legal_entity_id=found.period.entity_id, period_code=found.period.code,
        suspended_at__isnull=True,
    ).select_related("by")  # fmt: skip
    body = {
        "evidence": found.told,
        "evidence_sha256": found.sha256,
        "sealed": {
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "by": user.name,
            "period_state": found.period.state,
            "follows": str(before) if before else "",
            "audit": {"seq": head.seq, "hash": head.hash.hex()},
            "runs": [
                {"run": str(run), "check": run.pair.check_slug, "sides_sha256": run.evidence}
                for run in evidences.runs_of(found.period)
            ],
            "signed_off": [
                {"role": one.role, "by": one.by.name, "at": one.at.strftime("%Y-%m-%dT%H:%M:%SZ")}
                for one in names.order_by("role")
            ],
        },
    }  # fmt: skip
    return canonical(body)


def look(certificate: Certificate, *, whatever: bool = False) -> Certificate:
    """
    Whether a certificate still holds; suspended when it does not. With ``whatever``, everything is
    read again although nothing has come.
    """
    at = clock.now()
    why, anew = _why_over(certificate, whatever=whatever)
    if why:
        return _suspend(certificate, why)
    if anew:
        Certificate.objects.filter(pk=certificate.pk).update(checked_at=at)
        certificate.checked_at = at
    return certificate


def seen(certificate: Certificate) -> Certificate:
    """
    The certificate as it stands this moment, for a page: what a worker is about to suspend is shown
    suspended. Nothing is written, so it must not be saved.
    """
    at = clock.now()
    why, anew = _why_over(certificate)
    if why:
        certificate.suspended_at, certificate.suspended_why = at, why
    elif anew:
        certificate.checked_at = at
    return certificate


def _why_over(certificate: Certificate, *, whatever: bool = False) -> tuple[str, bool]:
    """Why a standing certificate no longer holds, or blank; whether everything was read again."""
    if certificate.suspended_at is not None:
        return "", False
    period = period_of(certificate.legal_entity.code, certificate.period_code)
    if period is None:
        return "", False
    if reopened(certificate, period):
        return "The period was opened again.", False
    if not whatever and not touched(certificate, period):
        return "", False
    found = evidences.read(period)
    if found.sha256 != certificate.evidence:
        return _what_changed(certificate, found), True
    return "", True


def look_at_all() -> int:
    """The regular look: what was touched, and the few that were not read for a day."""
    held = Certificate.objects.filter(suspended_at__isnull=True).select_related("legal_entity")
    ended, slow = 0, 0
    for one in held.order_by("checked_at"):
        old = one.checked_at < clock.now() - ANEW and slow < _SLOW
        slow += old
        ended += look(one, whatever=old).suspended_at is not None
    return ended


def _what_changed(certificate: Certificate, found: Evidence) -> str:
    before = json.loads(certificate.body)["evidence"]
    names = {
        "events": "events in scope", "entries": "entries in the books", "open_cases": "open cases",
        "lists": "what systems list", "records": "our records", "compared": "what was compared",
        "versions": "versions of the maps",
    }  # fmt: skip
    parts = [word for key, word in names.items() if before.get(key) != found.told[key]]
    return f"Changed since it was sealed: {', '.join(parts) or 'its period'}."


def _suspend(certificate: Certificate, why: str, *, told: bool = True) -> Certificate:
    """Once, whoever finds it first; who sealed and who signed the close are told."""
    with transaction.atomic():
        changed = Certificate.objects.filter(pk=certificate.pk, suspended_at__isnull=True).update(
            suspended_at=clock.now(), suspended_why=why[:200]
        )
        certificate.refresh_from_db()
        if changed and told:
            _tell(certificate, why)
    return certificate


def _tell(certificate: Certificate, why: str) -> None:
    entity = certificate.legal_entity
    signers = PeriodSignOff.objects.filter(
        legal_entity=entity, period_code=certificate.period_code
    ).values_list("by_id", flat=True)
    tell(
        recipients={certificate.sealed_by_id, *signers}, kind=KIND,
        key=f"{KIND}:{certificate.pk}",
        title=f"{certificate} of {entity.code} {certificate.period_code} is suspended",
        text=f"{why} Look at it and seal it anew.",
        link=reverse("certificates:certificate", args=[certificate.period_code, entity.code]),
        entity=entity.code,
    )  # fmt: skip


def key_name() -> str:
    """The first half of a digest of our public key, as in the anchors of the audit trail."""
    return hashlib.sha256(anchors.as_text(anchors.public_key()).encode()).hexdigest()[:16]


def as_file(certificate: Certificate) -> str:
    """The file that people keep and verify."""
    return file_of(
        certificate.body, signature=certificate.signature, key=certificate.key,
        public_key=anchors.as_text(anchors.public_key()),
    )  # fmt: skip


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
