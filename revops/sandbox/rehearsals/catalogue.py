"""
The drills. Each breaks the sandboxes of some systems for some seconds while the demo's customers go
on buying, and says what the console should make of it. Which systems, their roles decide; how, the
``[[switches]]`` of their manifests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.manifest import Manifest

BILLING: Final = "billing"
BOOKS: Final = "erp"
OTHERS: Final = "others"


@dataclass(frozen=True, slots=True)
class Drill:
    """
    ``does`` and ``should`` are sentences: what it does, and what the console should do.
    In the sandboxes of its ``parties`` the ``switches`` (slugs) are on for ``seconds``, with the
    values of ``rather`` in place of their own and ``beside`` beside them; those of billing and ERPs
    that strike a number of times have LONGEST_S to do so once. Meanwhile the company's own billing
    issues ``invoices``, of which ``paid`` are paid, and the others a few for each entity that they
    bill, dated ``ago`` seconds back. ``news`` events of an unknown type are told.
    ``asks``: the sources are polled when it is over. ``playbooks`` are pages for whoever looks.
    """

    slug: str
    title: str
    does: str
    should: str
    parties: Sequence[str]
    seconds: int
    playbooks: Sequence[str]
    switches: Sequence[str] = ()
    rather: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)
    invoices: int = 0
    paid: int = 0
    ago: int = 0
    news: int = 0
    asks: bool = False

    def faults(self, manifest: Manifest) -> dict[str, Any]:
        """What it switches on in the sandbox of such a system; {} when that has none of it."""
        found: dict[str, Any] = {}
        for switch in manifest.switches:
            if switch.slug in self.switches and switch.door == "faults":
                found |= {name: self.rather.get(name, value) for name, value in switch.on.items()}
        return {**self.beside, **found} if found else {}


# Answers get lost without the console having to wait until it gives up.
_LOST: Final = {"response_lost": {"times": 2, "seconds": 0.2}}
_SOON: Final = {"retry_after": 3}

DRILLS: Final = (
    Drill(
        "duplicates", "Duplicate storm",
        "Every webhook of billing comes several times, out of order, for 12 invoices and more.",
        "Each event counts once, and nothing is booked twice.",
        (BILLING,), 10, ("event_conflict",), ("duplicate_webhooks",), invoices=12, paid=6,
    ),
    Drill(
        "lost_webhooks", "Lost webhooks",
        "Billing issues invoices, and none of its webhooks arrives.",
        "The next poll finds them, and one case says that webhooks are missing.",
        (BILLING,), 10, ("webhooks_missing",), ("drop_webhooks",), invoices=6, ago=120, asks=True,
    ),
    Drill(
        "throttle", "429 storm",
        "Every ERP turns all calls away with 429; some ask for a pause of 3 seconds.",
        "Sending slows down and goes on by itself. Nothing is lost.",
        (BOOKS,), 15, ("target_down",), ("throttle",), _SOON, invoices=8, paid=4,
    ),
    Drill(
        "maintenance", "Maintenance window",
        "Every ERP answers all calls with 503, as behind a maintenance page.",
        "Sending stops, one case for each says what waits, and it all goes out afterwards.",
        (BOOKS,), 20, ("target_down",), ("down",), invoices=6,
    ),
    Drill(
        "partial_batch", "Partial batch",
        "Of 8 postings, the ERP takes some and refuses the others.",
        "What was taken stays. Each refusal is a case that a person retries.",
        (BOOKS,), 10, ("refused",), ("refuse_post",), {"refuse_post": {"times": 3}}, invoices=8,
    ),
    Drill(
        "lost_answers", "Slow and lost answers",
        "Every ERP answers a second late, and answers get lost after the work is done.",
        "What is in doubt is asked about before anything is sent again.",
        (BOOKS,), 15, ("in_doubt",), ("response_lost",), _LOST, {"slow": {"seconds": 1}},
        invoices=5,
    ),
    Drill(
        "schema", "Schema change",
        "Billing tells 2 events of a type that did not exist before.",
        "They are stored and put aside as one cause. Nothing else waits for them.",
        (BILLING,), 5, ("schema_drift",), news=2, invoices=2,
    ),
    Drill(
        "others_down", "Everybody else is away",
        "Sales, success, support, tax, the warehouse and all others turn every call away.",
        "The books go on. What is for them waits, and goes out when they are back.",
        (OTHERS,), 15, ("target_down",), ("down",), invoices=4, paid=2,
    ),
    Drill(
        "others_busy", "Everybody else is busy",
        "Sales, success, support and all others ask to slow down, for 3 seconds each time.",
        "Each is called less often, on its own. The books go on.",
        (OTHERS,), 12, ("target_down",), ("throttle",), _SOON, invoices=4, paid=2,
    ),
    Drill(
        "others_lost", "Everybody else loses answers",
        "Sales, success, support and all others do their work, and two answers each get lost.",
        "They are asked before anything is sent again; messages come twice under one id.",
        (OTHERS,), 15, ("in_doubt",), ("response_lost",), _LOST, invoices=4, paid=2,
    ),
    Drill(
        "others_silent", "Everybody else calls nobody",
        "The webhooks of sales, success, support and all others do not arrive.",
        "The next poll finds what happened.",
        (OTHERS,), 8, ("webhooks_missing",), ("drop_webhooks",), asks=True,
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
