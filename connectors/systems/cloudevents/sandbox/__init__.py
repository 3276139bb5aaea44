"""
A product to develop and rehearse against: its customers use it, and it tells the console by signed
batches of CloudEvents, as products do: some events come twice, some late, none in order.

``product.py`` is what happens and how it is sent; the switchboard under ``/_control/`` is here.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.systems.cloudevents.sandbox.product import Faults, Product

DEFAULT_PORT: Final = 8435
SIGNED_WITH: Final = "whsec_c2FuZGJveC1zaWduaW5nLXNlY3JldC0wMDAx"


def for_connection(
    settings: Settings, *, hook_url: str, hook_secret: str, state_path: str
) -> Starlette:
    """The product behind a configured connection; what it remembers is in memory only."""
    return build(hook_url=hook_url, hook_secret=hook_secret or SIGNED_WITH)


def build(*, hook_url: str = "", hook_secret: str = SIGNED_WITH) -> Starlette:
    """The sandbox as an ASGI application; serve it on loopback only."""
    product = Product(hook_url, hook_secret)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await product.aclose()

    app = Starlette(routes=_routes(product), lifespan=lifespan)
    app.state.product = product
    return app


def _routes(product: Product) -> list[Route]:
    async def alive(request: Request) -> Response:
        trouble = await product.faults.strike()
        return trouble or JSONResponse({"product": "sandbox"})

    async def state(request: Request) -> Response:
        return JSONResponse(product.state())

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            product.faults = Faults()
        elif request.method == "POST":
            product.faults.set(await _values(request))
        return JSONResponse(product.faults.as_dict())

    async def use(request: Request) -> Response:
        return JSONResponse(await product.use(**await _values(request)))

    return [
        Route("/", alive),
        Route("/_control/state", state),
        Route("/_control/faults", _safe(faults), methods=["GET", "POST", "DELETE"]),
        Route("/_control/scenario/use", _safe(use), methods=["POST"]),
    ]


async def _values(request: Request) -> dict[str, Any]:
    body = await request.body()
    values = json.loads(body) if body else {}
    if not isinstance(values, dict):
        raise ValueError("Send a JSON object.")
    return values


def _safe(endpoint: Any) -> Any:
    """Mistakes of the caller are answered in words."""

    async def guarded(request: Request) -> Response:
        try:
            answer: Response = await endpoint(request)
        except (ValueError, TypeError) as error:
            return JSONResponse({"problem": str(error)}, status_code=400)
        return answer

    return guarded
