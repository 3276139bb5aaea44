"""
The drills. Each breaks one sandbox for some seconds while the demo's customers go on buying, and
says what the console should make of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from revops.sandbox.company import ERP, STRIPE


@dataclass(frozen=True, slots=True)
class Drill:
    """
    ``does`` and ``should`` are sentences: what it does, and what the console should do.
    ``system`` is the slug of the connection whose sandbox gets ``faults`` for ``seconds``; one
    that strikes a number of times has LONGEST_S to do so once. Meanwhile billing issues
    ``invoices``, of which ``paid`` are paid, dated ``ago`` seconds back, and tells ``news`` events
    of an unknown type.
    ``asks``: the source is polled when it is over. ``playbooks`` are pages for whoever looks.
    """

    slug: str
    title: str
    does: str
    should: str
    system: str
    seconds: int
    playbooks: Sequence[str]
    faults: Mapping[str, Any] = field(default_factory=dict)
    invoices: int = 0
    paid: int = 0
    ago: int = 0
    news: int = 0
    asks: bool = False

    @property
    def counted(self) -> Mapping[str, int]:
        """Its faults that strike a number of times, with that number."""
        return {
            name: value["times"] for name, value in self.faults.items()
            if isinstance(value, Mapping) and "times" in value
        }  # fmt: skip

    @property
    def mended(self) -> Mapping[str, Any]:
        """What switches its faults off, and no others."""
        return dict.fromkeys(self.faults, False)


DRILLS: Final = (
    Drill(
        "duplicates", "Duplicate storm",
        "Every webhook of billing comes five times, out of order, for 12 invoices and 6 payments.",
        "Each event counts once, and nothing is booked twice.",
        STRIPE, 10, ("event_conflict",),
        faults={"duplicate_webhooks": 4, "reorder": 1}, invoices=12, paid=6,
    ),
    Drill(
        "lost_webhooks", "Lost webhooks",
        "Billing issues 6 invoices, and none of its webhooks arrives.",
        "The next poll finds them, and one case says that webhooks are missing.",
        STRIPE, 10, ("webhooks_missing",),
        faults={"drop_webhooks": 1}, invoices=6, ago=120, asks=True,
    ),
    Drill(
        "throttle", "429 storm",
        "The ERP turns every call away with 429 and asks for a pause of 3 seconds.",
        "Sending slows down and goes on by itself. Nothing is lost.",
        ERP, 15, ("target_down",),
        faults={"throttle": True, "retry_after": 3}, invoices=8, paid=4,
    ),
    Drill(
        "maintenance", "Maintenance window",
        "The ERP answers every call with 503, as behind a maintenance page.",
        "Sending stops, one case says what waits, and it all goes out afterwards.",
        ERP, 20, ("target_down",),
        faults={"down": True}, invoices=6,
    ),
    Drill(
        "partial_batch", "Partial batch",
        "Of 8 postings, the ERP takes some and refuses the others.",
        "What was taken stays. Each refusal is a case that a person retries.",
        ERP, 10, ("refused",),
        faults={"refuse_post": {"times": 3}}, invoices=8,
    ),
    Drill(
        "lost_answers", "Slow and lost answers",
        "The ERP answers a second late, and answers get lost after the work is done.",
        "What is in doubt is asked about before anything is sent again.",
        ERP, 15, ("in_doubt",),
        faults={
            "slow": {"seconds": 1}, "response_lost": {"times": 2, "on": "post", "seconds": 0.2},
        },
        invoices=5,
    ),
    Drill(
        "schema", "Schema change",
        "Billing tells 2 events of a type that did not exist before.",
        "They are stored and put aside as one cause. Nothing else waits for them.",
        STRIPE, 5, ("schema_drift",), news=2, invoices=2,
    ),
)  # fmt: skip

# A fault that strikes a number of times is switched off after as long, struck or not.
LONGEST_S: Final = 90
# Counting goes on for so long after the last drill, until the books match.
PATIENCE_S: Final = 180


def drill(slug: str) -> Drill | None:
    return next((one for one in DRILLS if one.slug == slug), None)


def title_of(slug: str) -> str:
    """For a drill of an older version, its slug."""
    found = drill(slug)
    return found.title if found else slug


def lasts(chosen: Sequence[Drill]) -> int:
    """Seconds of the drills themselves, one after the other."""
    return sum(one.seconds for one in chosen)
