"""Many events, or dear ones, through the line again: a job that waits for somebody else's yes."""

from __future__ import annotations

from collections.abc import Sequence

from approvals.subjects import Content, Row
from approvals.waiting import WaitingReplay, page_of
from revops.pipeline.replay.kind import APPROVAL


class EventReplay(WaitingReplay):
    """More events, or more money, than one person replays alone."""

    slug = APPROVAL
    label = "Replay of events"

    def title(self, content: Content) -> str:
        return f"Replay {content['events']:,} events"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Events", f"{content['events']:,}", link=page_of(content["job"])),
            Row("At stake", ", ".join(content.get("money", ())) or "not known"),
            Row("Beyond one person", str(content.get("limit", "")) or "more events than one does"),
            Row("Chosen", str(content["chosen"]) or "one by one"),
            Row("Legal entities", ", ".join(content["entities"]) or "none known yet"),
            Row("Order", str(content["order"])),
            Row("Rate", f"{content['rate']:,} a minute"),
            Row("Why", str(content["reason"])),
        ]
