"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``create``, ``post``, ``delete``, ``search``; ``write`` stands for the first three.

    down           503 as from a proxy whose server is gone; nothing is done     (any)
    throttle       ``status`` 429, or 503; nothing is done                       (any)
    unauthorized   401, nothing is done                                          (any)
    slow           answers after ``seconds``                                     (any)
    hang           is never answered, nothing is done                            (any)
    half_done      the draft stands and its posting is turned away, 503          (post)
    lock_503       the sequence is locked: 503 in Tryton's words, nothing done   (post)
    refuse_post    refused in words, as an installed module might; nothing done  (post)
    response_lost  done, but never answered; with ``seconds``, then 504          (write)
    late_commit    never answered, and done ``seconds`` later                    (write)
    garbage        done, and answered with a page and status 200                 (any)

    retry_after      seconds that a throttled answer asks for
    reject_accounts  codes of accounts that are closed; ``UK-LTD/2100`` in that company alone
    unique_parties   false: several parties may have one code
"""

from __future__ import annotations

from typing import Final

from connectors.sandboxes.faults import Faults

SCOPES: Final = {
    "down": "any",
    "slow": "any",
    "hang": "any",
    "lock_503": "post",
    "half_done": "post",
    "refuse_post": "post",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
    "throttle": "any",
    "unauthorized": "any",
}


def faults() -> Faults:
    return Faults(SCOPES, wider={"write": ("create", "post", "delete")})
