"""
``POST /hooks/<public id>/``: where systems tell us what happened.

The answer is 200 once the event is stored, and never before; whoever gets anything else must send
it again. It has no body, unless the connector knows that its sender waits for one, or only asks
whether somebody listens here. The signature is the only credential. This is the hottest address of
the console: no session, no user, no template, and ``front.MachineDoors`` spares it the middleware.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.policy import open_door
from connectors.contract import PayloadUnreadable, SignatureInvalid
from revops.api import bodies, problems
from revops.api.shapes.usage import UsageOut
from revops.kernel import correlation
from revops.kernel.strict_json import JsonRefused
from revops.pipeline import receive
from revops.pipeline.metering import door as metering

PREFIX: Final = "/hooks/"


@csrf_exempt
@open_door("the sender's signature")
def hook(request: HttpRequest, public_id: str) -> HttpResponse:
    """
    404 no such address; 405; 413 above 1 MiB; 415 compressed; 401 the signature does not hold;
    400 not readable; 503 with Retry-After when it could not be stored.
    """
    if request.method != "POST":
        return problems.answer(405, "Webhooks are sent by POST.", headers={"Allow": "POST"})
    try:
        if request.GET:
            asked = receive.handshake(public_id=public_id, query=request.GET.dict())
            if asked is not None:
                return HttpResponse(asked.body, content_type=asked.content_type)
        body = bodies.read(request)
        used = metering.receive(
            public_id=public_id,
            body=body,
            headers=_headers(request),
            correlation_id=correlation.current() or correlation.new_id(),
        )
        if used is not None:
            told = UsageOut.of(used)
            return JsonResponse(told.model_dump(), status=207 if told.status == 207 else 200)
        receive.receive(
            public_id=public_id,
            body=body,
            headers=_headers(request),
            correlation_id=correlation.current() or correlation.new_id(),
        )
        reply = receive.answer(public_id=public_id, body=body)
    except bodies.BodyRefused as error:
        return problems.answer(error.status, str(error))
    except receive.HookUnknown:
        return problems.answer(404, "Nothing listens at this address.")
    except SignatureInvalid:
        # Which part of the proof failed would help only somebody who is forging one.
        return problems.answer(401, "The signature does not hold.")
    except (PayloadUnreadable, JsonRefused) as error:
        return problems.answer(400, str(error))
    except problems.CANNOT_STORE as error:
        return problems.cannot_store(error)
    if reply is not None:
        return HttpResponse(reply.body, content_type=reply.content_type)
    return HttpResponse(b"", content_type="text/plain")


def _headers(request: HttpRequest) -> dict[str, str]:
    """Header names in lower case, as connectors read them."""
    found = {
        name[5:].replace("_", "-").lower(): value
        for name, value in request.META.items()
        if name.startswith("HTTP_")
    }
    found["content-type"] = request.META.get("CONTENT_TYPE", "")
    return found
