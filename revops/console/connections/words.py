"""A manifest in words: what we may promise when an answer is lost, and which limits hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings

from connectors.contract import Grade
from connectors.manifest import Capability, Manifest
from revops.delivery.gate import FIRST_TRIAL, LONGEST_TRIAL, TRIP_AFTER
from revops.web.formats import NBSP, span_text

_SHORT: Final = {
    Grade.UNIQUE_KEY: "Refuses duplicates",
    Grade.READ_ONLY_CHECK: "Read first",
    Grade.REPEATABLE: "Sent again",
}
_MEANINGS: Final = {
    Grade.UNIQUE_KEY: "our key makes a second posting impossible",
    Grade.IDEMPOTENT_WINDOW: "the same key may be sent again for that long",
    Grade.READ_ONLY_CHECK: "we look before we send again, after the settle window",
    Grade.REPEATABLE: "a message to people; after a lost answer it is sent again",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """The grade: a word for lists, a sentence, and the connector's own note."""

    word: str
    sentence: str
    note: str


def promise(manifest: Manifest) -> Promise:
    """What an unanswered call lets us promise."""
    if not manifest.can(Capability.COMMANDS):
        return Promise("Receives only", "Nothing is sent there, so nothing can be sent twice.", "")
    note = " ".join(manifest.grade_note.split())
    window = _span(settle_seconds(manifest))
    match manifest.grade:
        case Grade.UNIQUE_KEY:
            sentence = "It refuses a second posting with our key, whatever happens to an answer."
        case Grade.IDEMPOTENT_WINDOW:
            kept = _span(manifest.dedupe_window_s or 0)
            sentence = (
                f"It knows our key again for {kept}: until then a posting may be sent again "
                "without harm; later it is looked for first."
            )
        case Grade.READ_ONLY_CHECK:
            sentence = (
                f"It would take the same posting twice. After a lost answer we wait {window}, "
                "look for our key, and send again only when it is not there."
            )
        case Grade.REPEATABLE:
            sentence = (
                f"It cannot be asked what it has. After a lost answer we wait {window} and send "
                "the message again: twice does less harm than never."
            )
    return Promise(short(manifest), sentence, note)


def short(manifest: Manifest | None) -> str:
    """The grade in two words."""
    if manifest is None:
        return "not known"
    if not manifest.can(Capability.COMMANDS):
        return "Receives only"
    if manifest.grade is Grade.IDEMPOTENT_WINDOW:
        return f"Key safe {_span(manifest.dedupe_window_s or 0)}"
    return _SHORT[manifest.grade]


def legend(manifests: Iterable[Manifest | None]) -> list[tuple[str, str]]:
    """(word, meaning) of the grades in a list, and of what they speak about."""
    found = {}
    for manifest in manifests:
        if manifest is not None and manifest.can(Capability.COMMANDS):
            found[short(manifest)] = _MEANINGS[manifest.grade]
        elif manifest is not None:
            found[short(manifest)] = "nothing is sent there"
    return [*found.items(), ("In doubt", "sent and unanswered; never counted as failed")]


def settle_seconds(manifest: Manifest) -> float:
    """The settle window as it holds here."""
    scale: float = settings.REVOPS_SETTLE_SCALE
    return manifest.settle_window_s * scale


def settle_window(manifest: Manifest) -> tuple[str, str]:
    """(length, why it is as long as that)."""
    length = _span(settle_seconds(manifest))
    if manifest.server_max_s is None:
        return length, "Nobody knows how late the system may still post, so we wait long."
    parts = [
        f"{_span(manifest.send_budget_s)} to send",
        f"{_span(manifest.timeout_s)} until we stop listening",
        f"{_span(manifest.server_max_s)} that the system may go on working",
    ]
    if manifest.search_lag_s:
        parts.append(f"{_span(manifest.search_lag_s)} until it can be found")
    if manifest.skew_s:
        parts.append(f"{_span(manifest.skew_s)} for clocks that differ")
    return length, "; ".join(parts) + "."


def limits(manifest: Manifest) -> list[tuple[str, str]]:
    """(label, value) of what the connector asks us to keep to."""
    found = []
    if manifest.can(Capability.COMMANDS):
        calls = manifest.max_in_flight
        found.append(
            ("Calls at once", "1, it has one writer" if manifest.one_writer else f"{calls}")
        )
        if manifest.max_batch > 1:
            found.append(("Postings a call", f"up to {manifest.max_batch}"))
        found.append(("An answer is awaited", _span(manifest.timeout_s)))
        found += [
            ("Sending stops after", f"{TRIP_AFTER} failures in a row"),
            ("One posting is tried", f"after {_span(FIRST_TRIAL)}, then half as often each time"),
            ("But at least every", _span(LONGEST_TRIAL)),
            ("When it is taken", "1 at once, then 2, 4, 8 …"),
        ]
    if manifest.requests_per_second:
        found.append(("Calls a second", f"{manifest.requests_per_second:g}"))
    if manifest.can(Capability.EVENTS):
        found.append(("Polled every", _span(manifest.poll_interval_s)))
        found.append(("Each poll looks back", _span(manifest.poll_overlap_s)))
        if manifest.retention_s:
            found.append(("Events can be had for", _span(manifest.retention_s)))
    return found


def _span(seconds: float) -> str:
    """Exact where every second counts: ``2 min 5 s``."""
    minutes, left = divmod(round(seconds), 60)
    if minutes and left and minutes < 60:
        return f"{span_text(timedelta(minutes=minutes))}{NBSP}{span_text(timedelta(seconds=left))}"
    return span_text(timedelta(seconds=seconds))
