"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``read``, ``write`` and ``token``.

    down           503 as from a proxy; nothing is done
    throttle       429; ``retry_after`` in its header when that is given, without JSON
    unauthorized   401, whatever the token is
    expire_tokens  401, and all access tokens have ended
    slow           answers after ``seconds``
    refuse         422 to a change, as of a ticket whose required field is empty
    conflict       409 to a change, as if somebody had saved the ticket meanwhile
    response_lost  a change is made and never answered
    late_commit    never answered, and made ``seconds`` later
    garbage        done, and answered with a page
    drop_webhooks  no webhook is called
"""

from __future__ import annotations

from typing import Final

from connectors.sandboxes.calls import HOOK
from connectors.sandboxes.faults import ANY, Faults

_DATA: Final = "data"
SCOPES: Final = {
    "down": ANY,
    "throttle": ANY,
    "unauthorized": _DATA,
    "expire_tokens": _DATA,
    "slow": ANY,
    "refuse": "write",
    "conflict": "write",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": ANY,
    "drop_webhooks": HOOK,
}


def faults() -> Faults:
    return Faults(SCOPES, wider={_DATA: ("read", "write")})
