"""What is enough of a comparison when its period is long over: declared to retention."""

from __future__ import annotations

from revops.pipeline.privacy import retaining
from revops.pipeline.privacy.retaining import Rule

_SETTING = "REVOPS_RETAIN_RUN_DAYS"
# A newer run says what is true, nobody put a name under it, and no certificate names it. The row
# stays, with the digest of both sides.
_REPLACED = """figures <> '{}' AND state = 'done'
AND EXISTS (SELECT FROM reconciliation_run newer
    WHERE newer.pair_id = reconciliation_run.pair_id
        AND newer.legal_entity_id = reconciliation_run.legal_entity_id
        AND newer.period_code = reconciliation_run.period_code
        AND newer.state = 'done' AND newer.id > reconciliation_run.id)
AND NOT EXISTS (SELECT FROM reconciliation_signoff signed
    WHERE signed.run_id = reconciliation_run.id)
AND NOT EXISTS (SELECT FROM close_certificate sealed
    WHERE sealed.legal_entity_id = reconciliation_run.legal_entity_id
        AND sealed.period_code = reconciliation_run.period_code
        AND position('"REC-' || reconciliation_run.number || '"' IN sealed.body) > 0)"""
# The newest list of a kind stays as it is, however old.
_FOLLOWED = """totals <> '[]' AND EXISTS (SELECT FROM reconciliation_load newer
    WHERE newer.connection_id = reconciliation_load.connection_id
        AND newer.kind = reconciliation_load.kind
        AND newer.state = 'done' AND newer.id > reconciliation_load.id)"""


def declare() -> None:
    """Called once when the app is ready."""
    retaining.declare(
        Rule(
            "Figures of comparisons that newer ones replaced", "reconciliation_run",
            {"figures": "'{}'", "error": "'Its figures were kept as long as retention says.'"},
            "ended_at", _SETTING, _REPLACED,
        )
    )  # fmt: skip
    retaining.declare(
        Rule(
            "Totals of lists that newer ones followed", "reconciliation_load",
            {"totals": "'[]'"}, "ended_at", _SETTING, _FOLLOWED,
        )
    )  # fmt: skip
