"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``read`` and ``write``.

    down           503 as of a gateway; nothing is done
    throttle       429; ``retry_after`` in its header when that is given, as Stripe often does not
    unauthorized   401
    slow           answers after ``seconds``
    failed         500, which is the answer to the key from then on, as Stripe keeps it (write)
    response_lost  done, but never answered                                             (write)
    late_commit    never answered, and done ``seconds`` later                           (write)
    garbage        done, and answered with a page
    search_lag     how many seconds old an object is before search finds it

    drop_webhooks, reorder   webhooks are lost, or held back for up to three seconds
    duplicate_webhooks       how many further copies of each are sent
"""

from __future__ import annotations

from typing import Final

from connectors.sandboxes.calls import HOOK
from connectors.sandboxes.faults import ANY, Faults

SEARCH: Final = "search"
SCOPES: Final = {
    "down": ANY,
    "throttle": ANY,
    "unauthorized": ANY,
    "slow": ANY,
    "failed": "write",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": ANY,
    "search_lag": SEARCH,
    "drop_webhooks": HOOK,
    "duplicate_webhooks": HOOK,
    "reorder": HOOK,
}


def faults() -> Faults:
    # The number of copies takes the place of seconds: copies do not wear off with each webhook.
    return Faults(SCOPES, timed=("slow", "late_commit", "search_lag", "duplicate_webhooks"))
