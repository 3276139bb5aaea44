"""
A product to develop and rehearse against: its customers use it, and it tells the console by signed
batches of CloudEvents, as products do: some events come twice, some late, none in order.

``product.py`` is what happens and how it is sent; the switchboard under ``/_control/`` is here.

    GET  state          how much was told, the last calls, and what the console did not take
    POST scenario/use   customers use it (``Product.use``)
    POST reset          nothing told, no faults
"""

from __future__ import annotations

from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from connectors.contract import Settings
from connectors.sandboxes.door import door
from connectors.sandboxes.serving import ends_with
from connectors.systems.cloudevents.sandbox.product import Product

DEFAULT_PORT: Final = 8436
SIGNED_WITH: Final = "whsec_c2FuZGJveC1zaWduaW5nLXNlY3JldC0wMDAx"


def for_connection(
    settings: Settings, *, hook_url: str, hook_secret: str, state_path: str
) -> Starlette:
    """The product behind a configured connection; what it remembers is in memory only."""
    return build(hook_url=hook_url, hook_secret=hook_secret or SIGNED_WITH)


def build(*, hook_url: str = "", hook_secret: str = SIGNED_WITH) -> Starlette:
    """The sandbox as an ASGI application; serve it on loopback only."""
    product = Product(hook_url, hook_secret)

    app = Starlette(routes=_routes(product), lifespan=ends_with(product.aclose))
    app.state.product = product
    return app


def _routes(product: Product) -> list[BaseRoute]:
    async def alive(request: Request) -> Response:
        trouble = await product.strike()
        return trouble or JSONResponse({"product": "sandbox"})

    async def use(request: Request, value: Any) -> Any:
        return await product.use(**value)

    def reset(request: Request, value: Any) -> Any:
        product.reset()
        return {"reset": True}

    control = door(
        product.faults,
        product.state,
        {
            "POST scenario/use": use,
            "POST reset": reset,
        },
    )
    return [Route("/", alive), control]
