"""
What can go wrong on purpose; how a switch is told, ``connectors.sandboxes.faults`` says. Kinds of
work are ``read``, ``write`` and ``token``; ``data`` stands for the first two.

    down            503 as of a gateway; nothing is done                         (any)
    throttle        403 REQUEST_LIMIT_EXCEEDED; nothing is done                  (data)
    unauthorized    401 INVALID_SESSION_ID, whatever the token is                (data)
    expire_session  401 INVALID_SESSION_ID, and the token is no good any more    (data)
    slow            answers after ``seconds``                                    (any)
    hang            is never answered, nothing is done                           (any)
    lock_row        UNABLE_TO_LOCK_ROW for the records of the call               (write)
    change_values   a trigger of Salesforce's sets texts that we wrote to others (write)
    response_lost   done, but never answered                                     (write)
    late_commit     never answered, and done ``seconds`` later                   (write)
    late_visible    what changes is not to be seen for ``seconds``               (write)
    garbage         done, and answered with a page and status 200                (any)

    drop_webhooks, duplicate_webhooks    outbound messages are lost, or sent twice
    retry_after     seconds that a throttled answer asks for; Salesforce itself asks for none
"""

from __future__ import annotations

from typing import Final

from connectors.sandboxes.calls import HOOK
from connectors.sandboxes.faults import Faults

_DATA: Final = "data"
SCOPES: Final = {
    "down": "any",
    "slow": "any",
    "hang": "any",
    "throttle": _DATA,
    "unauthorized": _DATA,
    "expire_session": _DATA,
    "lock_row": "write",
    "change_values": "write",
    "response_lost": "write",
    "late_commit": "write",
    "late_visible": "write",
    "garbage": "any",
    "drop_webhooks": HOOK,
    "duplicate_webhooks": HOOK,
}


def faults() -> Faults:
    return Faults(
        SCOPES,
        wider={_DATA: ("read", "write")},
        timed=("slow", "late_commit", "late_visible"),
    )
