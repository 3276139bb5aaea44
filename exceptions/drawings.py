"""The settle window of a posting in doubt as inline SVG; its facts stand beside it as a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from revops.web.formats import when

_WIDE: Final = 366  # of the 368 units of the drawing, one left free at each end


@dataclass(frozen=True, slots=True)
class Window:
    """From the send to the moment when asking is conclusive; all instants are aware."""

    sent: datetime
    final: datetime
    now: datetime
    asked: tuple[datetime, ...] = ()

    def place(self, at: datetime) -> int:
        """Where an instant stands, 1 … 367."""
        whole = max(1, int((self.final - self.sent).total_seconds()))
        part = int((min(max(at, self.sent), self.final) - self.sent).total_seconds())
        return 1 + part * _WIDE // whole

    @property
    def over(self) -> bool:
        return self.now >= self.final


def settle_window(window: Window) -> SafeString:
    """A bar from sent to final, with a mark where it is now and a tick for every question asked."""
    now = window.place(window.now)
    anchor = "start" if now < 60 else "end" if now > 308 else "middle"
    ticks = "".join(f"M{window.place(at)} 41v8" for at in window.asked)
    said = escape(
        f"Sent {_clock(window.sent)}, asked {len(window.asked)} times, now {_clock(window.now)}, "
        f"the answer is final at {_clock(window.final)}"
    )
    ends = (
        f'<text x="1" y="62">sent {_clock(window.sent)}</text>'
        f'<text x="367" y="62" text-anchor="end">final {_clock(window.final)}</text>'
    )  # fmt: skip
    return mark_safe(  # noqa: S308  digits and escaped words
        f'<svg class="draw" viewBox="0 0 368 66" role="img" aria-labelledby="settle-said">'
        f'<title id="settle-said">{said}</title>'
        f'<text class="strong" x="{now}" y="12" text-anchor="{anchor}">now {_clock(window.now)}'
        f"</text>"
        f'<rect class="ahead" x="1" y="26" width="{_WIDE}" height="12" rx="3"/>'
        f'<rect class="passed" x="1" y="26" width="{max(0, now - 1)}" height="12" rx="3"/>'
        f'<path class="now" d="M{now} 19v26"/><path class="tick" d="{ticks}"/>{ends}</svg>'
    )


def _clock(at: datetime) -> str:
    """The hour without its markup, for text inside a drawing."""
    shown = str(when(at, "time"))
    return shown[shown.index(">") + 1 : shown.index("</")]
