"""
The sandbox's own door, which Gainsight does not have.

    GET  /_control/state              counts and records by object
    GET  /_control/totals             ?kind=company&start=&end=: how many were made on these days
    POST /_control/sign_in            how many tokens there were; {"expire": true} ends them
    GET  /_control/requests           how often each kind of work was asked for
    GET  /_control/webhooks           what rules posted, and what came back
    POST /_control/webhooks           {"url": …, "secret": …}: where rules post from now on
    GET  /_control/faults             what is switched on; POST switches, DELETE switches all off
    POST /_control/scenario/<name>    let something happen (``play``)
    POST /_control/reset              no records, no faults
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.routing import Mount

from connectors.sandboxes import door as doors
from connectors.systems.gainsight.names import COMPANY
from connectors.systems.gainsight.sandbox import play

if TYPE_CHECKING:
    from connectors.systems.gainsight.sandbox.app import Sandbox


def door(sandbox: Sandbox) -> Mount:
    def state() -> Any:
        rows = sandbox.tables.rows
        return {
            "counts": {name: len(held) for name, held in rows.items()},
            "records": {name: list(held.values()) for name, held in rows.items()},
        }

    def totals(request: Request, value: Any) -> Any:
        """Days are UTC's; a company is counted with its currency, where there is a field for it."""
        start, end = (date.fromisoformat(request.query_params[name]) for name in ("start", "end"))
        names = sandbox.tables.names
        counted: Counter[str] = Counter()
        for row in sandbox.tables.all(COMPANY):
            if start <= datetime.fromtimestamp(row["CreatedDate"] / 1000, UTC).date() <= end:
                counted[str(row.get(names.currency_field) or "")] += 1
        return {code: {"count": count, "amount": 0} for code, count in counted.items()}

    def reset(request: Request, value: Any) -> Any:
        sandbox.reset()
        return {"reset": True}

    def webhooks(request: Request, value: Any) -> Any:
        if request.method == "POST":
            sandbox.rules.url, sandbox.rules.secret = str(value["url"]), str(value["secret"])
        return {"url": sandbox.rules.url, "posted": list(sandbox.rules.called)}

    return doors.door(
        sandbox.faults,
        state,
        {
            "GET ": lambda request, value: state(),
            "GET totals": totals,
            "POST sign_in": doors.sign_ins(sandbox.tokens),
            "GET requests": lambda request, value: dict(sandbox.counts),
            "webhooks": webhooks,
            "POST reset": reset,
            "POST scenario/{name}": doors.scenarios(
                play.SCENARIOS, sandbox, after=sandbox.tables.save
            ),
        },
    )
