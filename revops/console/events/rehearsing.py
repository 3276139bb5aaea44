"""Rehearsing a contract that is proposed: the newest events of a type against it."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from revops.contracts.fitting import SchemaUnreadable
from revops.contracts.registry import CONTRACTS
from revops.kernel import strict_json
from revops.pipeline.replay.contract import LASTS, Rehearsed, rehearse
from revops.web.filters import Filters, Key
from revops.web.htmx import render_page
from revops.web.policy import screen

_REHEARSAL: Final = Filters(
    Key("contract", label="Contract", choices={name: name for name in sorted(CONTRACTS)}),
    Key("last", label="Events", default=str(LASTS[0]),
        choices={str(last): f"the last {last:,}" for last in LASTS}),
)  # fmt: skip
_LONGEST: Final = 200_000


@screen("payload.view")
@require_http_methods(["GET", "HEAD", "POST"])
def rehearsal(request: HttpRequest) -> HttpResponse:
    """
    Looked at: the stored events, read again as they are read now. Sent with a schema: the same
    events against that. It is no act: nothing is written either way.
    """
    state = _REHEARSAL.read(request.GET if request.method != "POST" else request.POST)
    schema, problem, found = "", "", None
    contract = state.one("contract")
    if request.method == "POST":
        schema = request.POST.get("schema", "")
    if contract:
        found, problem = _rehearsed(contract, int(state.one("last")), schema)
    context: dict[str, Any] = {
        "state": state,
        "path": request.path,
        "contract": contract,
        "contracts": sorted(CONTRACTS),
        "last": int(state.one("last")),
        "lasts": LASTS,
        "schema": schema,
        "problem": problem,
        "found": found,
    }
    return render_page(request, "events/rehearsal.html", context, status=422 if problem else 200)


def _rehearsed(contract: str, last: int, text: str) -> tuple[Rehearsed | None, str]:
    """The outcome, or why there is none."""
    schema = None
    if text.strip():
        if len(text) > _LONGEST:
            return None, "The schema is too long."
        try:
            schema = strict_json.loads(text)
        except strict_json.JsonRefused as error:
            return None, f"The schema is no JSON: {error}"
    try:
        return rehearse(contract=contract, last=last, schema=schema), ""
    except SchemaUnreadable as error:
        return None, str(error)
