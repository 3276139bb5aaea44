"""
The switchboard of a sandbox under ``/_control/``, which no vendor has. JSON in and out, no
sign-in: a sandbox listens on loopback only. What cannot be done is answered with 400 in words.

    GET                state        what it holds
    GET, POST, DELETE  faults       what is switched on; switch; switch all off
    …                               whatever else the sandbox offers
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from connectors.sandboxes.faults import Switches
from connectors.sandboxes.tokens import Issuing

Handler = Callable[[Request, Any], Any]
State = Callable[[], Any]
_METHODS: Final = ("GET", "POST", "DELETE")
_MISTAKES: Final[tuple[type[Exception], ...]] = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    StopIteration,
)


def door(
    faults: Switches,
    state: State,
    handlers: Mapping[str, Handler],
    *,
    refused: tuple[type[Exception], ...] = (),
) -> Mount:
    """
    ``state`` tells what the sandbox holds, ids by kind with their ``counts`` where it can
    (``totals.held``). ``handlers`` by path, such as ``documents`` or ``scenario/{name}``, with a
    method before it for one that answers to no other. Each gets the request and the object that
    was sent with it, and gives what becomes JSON, or an answer; all may be awaitable. ``refused``
    are exceptions of the sandbox whose words are for the caller.
    """
    mistakes = (*_MISTAKES, *refused)
    routes = [_route(place, handler, mistakes) for place, handler in handlers.items()]
    routes.append(_route("GET state", lambda request, value: state(), mistakes))
    routes.append(_route("faults", _switching(faults), mistakes))
    routes.append(_route("{what:path}", _nothing, mistakes))
    return Mount("/_control", routes=routes)


def scenarios(
    plays: Mapping[str, Callable[..., Any]],
    subject: Any,
    *,
    after: Callable[[], None] | None = None,
) -> Handler:
    """For ``POST scenario/{name}``: a play on the subject, with what was sent as its arguments."""

    def play(request: Request, value: Any) -> Any:
        name = request.path_params["name"]
        if name not in plays:
            raise ValueError(f"There is no scenario “{name}”; there are {', '.join(plays)}.")
        done = plays[name](subject, **value)
        if after is not None:
            after()
        return done

    return play


def sign_ins(tokens: Issuing) -> Handler:
    """For ``POST sign_in``: how many there were; ``{"expire": true}`` ends all tokens."""

    def told(request: Request, value: Any) -> Any:
        if value.get("expire"):
            tokens.expire()
        return {"issued": tokens.issued}

    return told


def _route(place: str, handler: Handler, mistakes: tuple[type[Exception], ...]) -> Route:
    method, _, path = place.rpartition(" ")
    return Route(
        f"/{path}", _answering(handler, mistakes), methods=[method] if method else _METHODS
    )


def _answering(
    handler: Handler, mistakes: tuple[type[Exception], ...]
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            value = json.loads(body) if body else {}
            if not isinstance(value, dict):
                raise ValueError("Send a JSON object.")
            told = handler(request, value)
            told = await told if inspect.isawaitable(told) else told
        except mistakes as error:
            return JSONResponse({"problem": str(error) or "not found"}, status_code=400)
        return told if isinstance(told, Response) else JSONResponse(told)

    return answer


def _switching(faults: Switches) -> Handler:
    def switch(request: Request, value: Any) -> Any:
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            faults.set(value)
        return faults.shown()

    return switch


def _nothing(request: Request, value: Any) -> Any:
    raise ValueError(f"There is no “{request.path_params['what']}” here.")
