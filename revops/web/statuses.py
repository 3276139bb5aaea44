"""
One state, one word, one shape and one colour on every page. Shape and word carry the meaning; the
colour only helps.

The words are adjectives or plain past participles, for finance: a circuit breaker is never
“open” or “closed” here, it is *Stopped* or *On trial*.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString

from revops.web.icons import icon


class Tone(enum.StrEnum):
    CRIT = "crit"
    WARN = "warn"
    OK = "ok"
    INFO = "info"
    WAIT = "wait"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Look:
    word: str
    tone: Tone
    icon: str


class StatusUnknown(LookupError):
    """A state without a look: give it one here before a page shows it."""


_TABLE: Final = """
    blocks_close          crit  diamond   Blocks close
    blocked               crit  diamond   Blocked
    failed                crit  diamond   Failed
    refused               crit  diamond   Refused
    missing               crit  cross     Missing
    stopped               crit  diamond   Stopped
    signed_out            crit  lock      Signed out
    at_risk               warn  triangle  At risk
    late                  warn  triangle  Late
    escalating            warn  rise      Escalating
    regressed             warn  back      Regressed
    slowed                warn  triangle  Slowed
    on_trial              warn  turn      On trial
    throttled             warn  triangle  Throttled
    interrupted           warn  turn      Interrupted
    quarantined           warn  lock      Quarantined
    needs_attention       warn  triangle  Needs attention
    waiting_for_approval  wait  bars      Waiting for approval
    waiting               wait  bars      Waiting
    held                  wait  bars      Held
    parked                wait  bars      Parked
    in_doubt              wait  question  In doubt
    maintenance           wait  tool      Maintenance
    open                  info  ring      Open
    new                   info  ring      New
    received              info  ring      Received
    sending               info  turn      Sending
    working               info  turn      At work
    retrying              info  turn      Retrying
    running               info  turn      Running
    draft                 none  dash      Draft
    retired               none  dash      Out of use
    snoozed               none  moon      Snoozed
    skipped               none  dash      Skipped
    excluded              none  dash      Left out
    undone                none  back      Taken back
    stopping              info  turn      Stopping
    ignored               none  twice     Ignored
    not_due               none  dash      Not due
    not_sent              none  dash      Not sent
    cancelled             none  cross     Cancelled
    paused                none  bars      Paused
    reversed              none  back      Reversed
    posted                ok    tick      Posted
    accepted              ok    tick      Accepted
    already_done          ok    twice     Already done
    matched               ok    tick      Matched
    resolved              ok    tick      Resolved
    ready                 ok    tick      Ready
    processed             ok    tick      Processed
    issued                ok    tick      Issued
    paid                  ok    tick      Paid
    active                ok    tick      Active
    done                  ok    tick      Done
    healthy               ok    tick      Healthy
    compensated           ok    turn      Compensated
"""

LOOKS: Final[dict[str, Look]] = {
    name: Look(word.strip(), Tone(tone), mark)
    for name, tone, mark, word in (row.split(maxsplit=3) for row in _TABLE.strip().splitlines())
}

# The machine's own states, said as what they mean to a person.
ALIASES: Final[dict[str, str]] = {
    "pending": "waiting",
    "claimed": "waiting",
    "retry_wait": "retrying",
    "unknown": "in_doubt",
    "exception": "held",
    "ok": "accepted",
    "transient": "interrupted",
    "auth": "signed_out",
    "poison": "failed",
    "half_open": "on_trial",
}


def look(status: str) -> Look:
    """
    How a state looks. Takes any of this console's state values, whatever their case.

    Raises StatusUnknown.
    """
    name = str(status).lower()
    name = ALIASES.get(name, name)
    if name not in LOOKS:
        raise StatusUnknown(name)
    return LOOKS[name]


@lru_cache(maxsize=1024)
def status_tag(status: str, word: str = "") -> SafeString:
    """A tag; ``word`` says it more exactly (“Needs you”) with the same shape and colour."""
    shown = look(status)
    return SafeString(
        f'<span class="tag {shown.tone}">{icon(shown.icon)}{escape(word or shown.word)}</span>'
    )
