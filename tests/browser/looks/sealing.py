"""Certificates: what one would say, one that holds, one that is suspended, and the packs."""

from __future__ import annotations

from typing import Final

from revops.close.certificate import evidence, operations
from revops.close.certificate.scope import period_of
from revops.mappings.models import AccountingPeriod
from tests.browser.addresses import at
from tests.browser.looks import Look
from tests.browser.stage import Stage


def _path() -> str:
    newest = AccountingPeriod.objects.filter(state="closed").latest("starts")
    return f"/close/{newest.code}/{newest.legal_entity.code}/certificate"


def before(stage: Stage) -> str:
    return _path()


def sealed(stage: Stage) -> str:
    """Sealed by a manager, and not touched since."""
    path = _path()
    _, _, code, entity, _ = path.split("/")
    period = period_of(entity, code)
    assert period is not None
    seen = evidence.read(period).sha256
    operations.seal(period=period, by=stage.person("Marcus"), seen=seen)
    return path


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "certificates:certificate": (
        Look("certificate", before, by="Marcus"), Look("certificate-read", before, by="Priya"),
        Look("certificate-sealed", sealed, by="Yuki"),
    ),
    "certificates:packs": (Look("packs", at("/close/packs/"), by="Yuki"),),
}  # fmt: skip
