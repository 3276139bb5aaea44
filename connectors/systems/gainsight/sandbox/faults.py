"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``read``, ``insert`` and ``update``; ``write`` stands for the last two.

    down           503 as from a proxy; nothing is done                          (any)
    throttle       429 and GS_APIG_2404; ``retry_after`` in its header           (any)
    throttle_200   the same in a body whose status is 200                        (any)
    unauthorized   401 and GS_APIG_2401                                          (any)
    slow           answers after ``seconds``                                     (any)
    hang           is never answered, nothing is done                            (any)
    refuse         ``result`` false with GSOBJ_1008 and status 200               (write)
    partial        the last record is left out, with a fault beside the others   (write)
    response_lost  done, but never answered                                      (write)
    late_commit    never answered, and done ``seconds`` later                    (write)
    garbage        done, and answered with a page and status 200                 (any)
    drop_webhooks  rules post nothing
"""

from __future__ import annotations

from typing import Final

from connectors.sandboxes.calls import HOOK
from connectors.sandboxes.faults import Faults

SCOPES: Final = {
    "down": "any",
    "throttle": "any",
    "throttle_200": "any",
    "unauthorized": "any",
    "slow": "any",
    "hang": "any",
    "refuse": "write",
    "partial": "write",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
    "drop_webhooks": HOOK,
}


def faults() -> Faults:
    return Faults(SCOPES, wider={"write": ("insert", "update")})
