"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``read``, ``create``, ``post``, ``change``; ``write`` stands for the last three.

    down           503; nothing is done                                           (any)
    throttle       429; nothing is done                                           (any)
    unauthorized   401, nothing is done                                           (any)
    slow           answers after ``seconds``                                      (any)
    hang           is never answered, nothing is done                             (any)
    half_done      posting is turned away: an entry is locked by another user     (post)
    stale          If-Match does not match: 409                                   (change)
    response_lost  done, but never answered; with ``seconds``, then 504           (write)
    late_commit    never answered, and done ``seconds`` later                     (write)
    garbage        done, and answered with a page and status 200                  (any)
    drop_webhooks  notifications are lost                                         (hook)

    retry_after    seconds that 429 asks for
"""

from __future__ import annotations

from typing import Final

from connectors.sandboxes.faults import Faults

SCOPES: Final = {
    "down": "any",
    "throttle": "any",
    "unauthorized": "any",
    "slow": "any",
    "hang": "any",
    "half_done": "post",
    "stale": "change",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
    "drop_webhooks": "hook",
}


def faults() -> Faults:
    return Faults(SCOPES, wider={"write": ("create", "post", "change")})
