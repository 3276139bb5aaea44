"""A case of the support desk, from its opening to the promise that it broke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_CASE: Final[Mapping[str, Any]] = {
    "case_id": "500Ax00000SlaBRIAZ",
    "customer_ref": "001Ax000003NwAbIAK",
    "title": "The dashboards do not load",
    "severity": "high",
    "status": "open",
    "opened_on": "2025-03-18",
    "invoice_ref": "in_1042",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "support_case.opened/1": _CASE,
    "support_case.escalated/1": {
        **_CASE,
        "status": "escalated",
        "escalated_on": "2025-03-18",
    },
    "support_case.resolved/1": {
        **_CASE,
        "status": "solved",
        "resolved_on": "2025-03-19",
        "resolution": "A faulty release was taken back.",
    },
    "support_case.reopened/1": {
        **_CASE,
        "status": "open",
        "reopened_on": "2025-03-20",
    },
    "sla.breached/1": {
        **_CASE,
        "promise": "availability",
        "breached_on": "2025-03-18",
    },
}
