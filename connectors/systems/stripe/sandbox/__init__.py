"""
A Stripe to develop and rehearse against: its wire form (API 2025-02-24), signed webhooks with
retries, and faults that can be switched on. It holds no card numbers and moves no money.

``world.py`` keeps the objects, ``objects.py`` gives them their wire form, ``business.py`` does
what a business does (subscribe, invoice, pay, refund, pay out), ``api.py`` speaks ``/v1``,
``hooks.py`` delivers webhooks, ``control.py`` is the switchboard under ``/_control/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.contract import Settings
from connectors.sandboxes.keeping import Keeper
from connectors.sandboxes.serving import ends_with
from connectors.systems.stripe.sandbox import api, control
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.faults import faults as switches
from connectors.systems.stripe.sandbox.hooks import Hooks
from connectors.systems.stripe.sandbox.world import World

DEFAULT_PORT: Final = 8431
API_KEY: Final = "sk_test_sandbox"
SIGNED_WITH: Final = "whsec_sandbox"


@dataclass(frozen=True, slots=True)
class Config:
    """
    ``webhook_url``: where events are sent from the start (more by ``/_control/webhooks``).
    ``state_path``: a JSON file that outlives a restart; without it everything is in memory.
    ``retry_base_s``: the first pause before a refused webhook is sent again; it doubles.
    """

    api_key: str = API_KEY
    webhook_url: str = ""
    webhook_secret: str = SIGNED_WITH
    state_path: str = ""
    retry_base_s: float = 1.0
    retries: int = 8


def for_connection(
    settings: Settings, *, hook_url: str, hook_secret: str, state_path: str
) -> Starlette:
    """The sandbox behind a configured connection, which holds the key and signs the webhooks."""
    return build(
        Config(
            api_key=settings.secrets["api_key"],
            webhook_url=hook_url,
            webhook_secret=hook_secret,
            state_path=state_path,
        )
    )


def build(config: Config | None = None) -> Starlette:
    """The sandbox as an ASGI application; serve it on loopback only."""
    config = config or Config()
    world = World()
    keeper = Keeper(world, config.state_path)
    faults = switches()
    hooks = Hooks(world, faults, retry_base_s=config.retry_base_s, retries=config.retries)
    if config.webhook_url:
        hooks.point(url=config.webhook_url, secret=config.webhook_secret)
    business = Business(world)

    speaking = api.Api(world, business, faults, api_key=config.api_key)
    app = Starlette(
        routes=[control.door(world, business, faults, hooks), Mount("/v1", speaking)],
        lifespan=ends_with(speaking.later.aclose, hooks.aclose, keeper.aclose, begins=keeper.begin),
    )
    app.state.world, app.state.faults, app.state.hooks = world, faults, hooks
    app.state.business = business
    return app
