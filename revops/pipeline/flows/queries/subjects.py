"""What the commands of flows are about, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from revops.pipeline.flows.capabilities import TITLES
from revops.store import sql

_SUBJECTS: Final = """
SELECT command.id, command.document_type, command.business_key, run.subject_id,
    coalesce(invoice.number, customer.name, run.subject_id) AS shown,
    coalesce(customer.name, payer.name, '') AS customer
FROM delivery_outboundcommand command
JOIN LATERAL (
    SELECT run.subject_id FROM pipeline_steprun step
    JOIN pipeline_flowrun run ON run.id = step.run_id
    WHERE step.command_id = command.id OR step.undo_command_id = command.id
    ORDER BY step.id LIMIT 1
) run ON true
LEFT JOIN canonical_invoice invoice
    ON command.subject_kind = 'invoice' AND invoice.id = command.subject_id
LEFT JOIN canonical_customer payer ON payer.id = invoice.customer_id
LEFT JOIN canonical_customer customer
    ON command.subject_kind = 'customer' AND customer.id = command.subject_id
WHERE command.id = ANY(%s)
"""


def subjects_of(command_ids: Sequence[int]) -> list[tuple[int, str, str, str, str]]:
    """(command id, document type, business key, description, customer) of flows' commands."""
    if not command_ids:
        return []
    return [
        (
            row.id,
            row.document_type,
            row.business_key,
            f"{TITLES.get(row.document_type, 'Command')} of {row.shown}",
            row.customer,
        )
        for row in sql.rows(_SUBJECTS, (list(command_ids),))
    ]
