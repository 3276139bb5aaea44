"""Working the queue, one case after another: ``work`` in the address is the queue's own query."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict

from exceptions.filters import QUEUE
from revops.web.htmx import wants_fragment


def on_from(working: str, number: int) -> str:
    """The query that asks for the case after this one; an unknown key of it is dropped."""
    query = QueryDict("" if working == "all" else working[:2_000], mutable=True)
    known = {key.name for key in QUEUE.keys}
    for name in [name for name in query if name not in known]:
        del query[name]
    query["skip"] = str(number)
    return query.urlencode()


def go_on(request: HttpRequest, address: str) -> HttpResponse:
    """To the next case; htmx follows with the whole page."""
    if not wants_fragment(request):
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
