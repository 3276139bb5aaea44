"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``read``, ``post`` (journal entries), ``partner``; ``write`` stands for the last two.

    down           503; nothing is done                                           (any)
    throttle       429; nothing is done                                           (any)
    unauthorized   401, nothing is done                                           (any)
    slow           answers after ``seconds``                                      (any)
    hang           is never answered, nothing is done                             (any)
    malformed      500 with a SOAP fault, as for what cannot be read              (post)
    locked         200 with a log that says that somebody is posting              (post)
    silent         200 that confirms nothing of what was asked; nothing is done   (post)
    csrf           403: the token does not hold, as behind a load balancer        (partner)
    response_lost  done, but never answered; with ``seconds``, then 504           (post)
    late_commit    never answered, and done ``seconds`` later                     (post)
    garbage        done, and answered with a page and status 200                  (any)

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
    "malformed": "post",
    "locked": "post",
    "silent": "post",
    "csrf": "partner",
    "response_lost": "post",
    "late_commit": "post",
    "garbage": "any",
}


def faults() -> Faults:
    return Faults(SCOPES, wider={"write": ("post", "partner")})
