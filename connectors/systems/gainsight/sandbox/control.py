"""
The sandbox's own door, which Gainsight does not have. JSON in and out, no sign-in.

    GET  /_control/state              counts and records by object
    GET  /_control/requests           how often each kind of work was asked for
    GET  /_control/webhooks           what rules posted, and what came back
    POST /_control/webhooks           {"url": …, "secret": …}: where rules post from now on
    GET  /_control/faults             what is switched on; POST switches, DELETE switches all off
    POST /_control/scenario/<name>    let something happen (``play``)
    POST /_control/reset              no records, no faults
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from connectors.systems.gainsight.sandbox import play

if TYPE_CHECKING:
    from connectors.systems.gainsight.sandbox.app import Sandbox


def handle(sandbox: Sandbox, request: Request, value: Any) -> Any:
    """Raises ValueError, KeyError, TypeError or LookupError for what cannot be done."""
    what, method = request.path_params["what"].strip("/"), request.method
    if what == "faults":
        if method == "DELETE":
            sandbox.faults.clear()
        elif method == "POST":
            sandbox.faults.set(value)
        return sandbox.faults.shown()
    if what == "webhooks":
        if method == "POST":
            sandbox.rules.url, sandbox.rules.secret = str(value["url"]), str(value["secret"])
        return {"url": sandbox.rules.url, "posted": list(sandbox.rules.posted)}
    if what == "requests":
        return dict(sandbox.counts)
    if what == "reset" and method == "POST":
        sandbox.reset()
        return {"reset": True}
    if what.startswith("scenario/") and method == "POST":
        done = play.SCENARIOS[what.removeprefix("scenario/")](sandbox, **value)
        sandbox.tables.save()
        return done
    if what in ("", "state"):
        rows = sandbox.tables.rows
        return {
            "counts": {name: len(held) for name, held in rows.items()},
            "records": {name: list(held.values()) for name, held in rows.items()},
        }
    raise ValueError(f"There is no “{what}” here.")
