"""Why two sides that belong together differ: the codes that a person chooses from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """``waits``: the difference is expected to go away by a day, so it has one."""

    code: str
    label: str
    about: str
    waits: bool = False


TIMING: Final = "timing"
REASONS: Final = {
    one.code: one
    for one in (
        Reason(TIMING, "Timing", "The rest arrives later", waits=True),
        Reason("wire_fee", "Wire fee", "A bank on the way kept a part"),
        Reason("fee", "Fee", "The payment provider kept a part"),
        Reason("rounding", "Rounding", "Both sides rounded in another way"),
        Reason("exchange", "Exchange rate", "Both sides used another rate"),
        Reason("other", "Other", "Say what in the note"),
    )
}


def label_of(code: str) -> str:
    """The word for a code; of an old one that is not offered any more, the code itself."""
    return REASONS[code].label if code in REASONS else code
