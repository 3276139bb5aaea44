"""Is the trail as it was written? The chain, its head, what was erased, and the anchors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from revops.audit import anchors, queries
from revops.audit.chain import Walk, follow

# Anchors are written every hour; later than this somebody should ask why there is none.
LATE: Final = timedelta(hours=3)
OK: Final = 0
BROKEN: Final = 1
UNANCHORED: Final = 2


@dataclass(frozen=True, slots=True)
class Report:
    """
    ``status`` is OK, BROKEN (``seq`` is the first act that does not fit) or UNANCHORED (an anchor
    is missing, is not ours, or knows more acts than there are). ``sentence`` says it to people.
    """

    status: int
    sentence: str
    checked: int
    first: int
    last: int
    anchors: int = 0
    erased: int = 0
    seq: int | None = None

    @property
    def passed(self) -> bool:
        return self.status == OK


def verify(
    *,
    first: int = 1,
    last: int | None = None,
    folder: Path | None = None,
    key: Ed25519PublicKey | None = None,
) -> Report:
    """
    Walk from act ``first`` to ``last`` (the end). With ``folder``, hold the trail against the
    anchors in it, signed by ``key`` (default: our own).
    """
    head = queries.Head()
    upto = head.last if last is None else min(last, head.last)
    before = queries.hash_at(first - 1)
    walk = Walk(first - 1, before or b"")
    if before is not None:
        follow(walk, queries.links(first - 1, upto))

    def report(status: int, sentence: str, seq: int | None = None, kept: int = 0) -> Report:
        return Report(status, sentence, walk.checked, first, upto, kept, len(walk.erased), seq)

    if before is None:
        return report(BROKEN, f"Act {first - 1} is missing.", first - 1)
    if walk.broken is not None:
        return report(BROKEN, walk.broken.why, walk.broken.seq)
    if walk.seq < upto:
        return report(BROKEN, f"Act {walk.seq + 1} is missing.", walk.seq + 1)
    if upto == head.last and (head.seq, head.hash) != (walk.seq, walk.hash):
        said = f"The last act is {walk.seq}, and the head of the trail says {head.seq}."
        return report(BROKEN, said, walk.seq + 1)
    unexplained = _unexplained(walk.erased)
    if unexplained is not None:
        said = f"The detail of act {unexplained} was erased, and no erasure accounts for it."
        return report(BROKEN, said, unexplained)
    fine = f"{walk.checked:,} acts follow from one another."
    if folder is None:
        return report(OK, fine)
    status, said, seq, kept = _held_against(folder, key or anchors.public_key(), head)
    return report(status, said or f"{fine} {kept:,} signed anchors agree.", seq, kept)


def _unexplained(erased: dict[int, int]) -> int | None:
    """An erased act that the act which it names does not list."""
    reasons = queries.details(sorted(set(erased.values())))
    listed: dict[int, frozenset[int]] = {}
    for seq, (action, detail) in reasons.items():
        known = json.loads(detail) if detail and action == "person.erase" else {}
        listed[seq] = frozenset(known.get("after", {}).get("acts", ()))
    return next(
        (seq for seq, by in sorted(erased.items()) if seq not in listed.get(by, frozenset())), None
    )


def _held_against(
    folder: Path, key: Ed25519PublicKey, head: queries.Head
) -> tuple[int, str, int | None, int]:
    """Status, sentence when it is not OK, first act that does not fit, number of good anchors."""
    kept, reached = 0, 0
    for path in anchors.files(folder):
        try:
            anchor = anchors.read(path, key)
        except anchors.AnchorUnreadable as error:
            return UNANCHORED, str(error), None, kept
        if anchor.seq > head.last:
            said = (
                f"On {anchor.at:%Y-%m-%d at %H:%M} UTC there were {anchor.seq:,} acts, now there "
                f"are {head.last:,}: the end of the trail was cut off."
            )
            return UNANCHORED, said, head.last + 1, kept
        if anchor.count != anchor.seq or (queries.hash_at(anchor.seq) or b"").hex() != anchor.hash:
            said = (
                f"The trail was written anew: act {anchor.seq} is not the one that was signed on "
                f"{anchor.at:%Y-%m-%d at %H:%M} UTC."
            )
            return BROKEN, said, reached + 1, kept
        kept, reached = kept + 1, max(reached, anchor.seq)
    waiting = queries.oldest_after(reached)
    if waiting is not None and head.at - waiting > LATE:
        said = f"No anchor has been written since act {reached:,}, though one is due every hour."
        return UNANCHORED, said, None, kept
    return OK, "", None, kept
