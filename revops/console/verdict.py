"""The first line of a thread's page: is it in the ERP, and if not, why not. In words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from exceptions.models import Case, CaseState
from revops.lineage.queries import Hop, Thread
from revops.web.formats import mid_sentence, when


@dataclass(frozen=True, slots=True)
class Verdict:
    """``case`` is the open case that says more, if any; ``at`` is since when the ERP holds it."""

    tone: str
    icon: str
    sentence: str
    sub: str = ""
    case: Case | None = None
    at: SafeString = SafeString("")


def verdict(thread: Thread, cases: Sequence[Case]) -> Verdict:
    """About the record that was asked for; about everything when that has no posting of its own."""
    subject = thread.subject
    hops = _about(thread, subject)
    case = _worst(cases)
    if subject.kind == "told":
        return _told(subject, case)
    if subject.kind == "payment" and subject.status == "failed":
        return _declined(subject)
    if not hops and (hops := thread.of("journal", "posting")):
        return _of_many(f"{mid_sentence(subject.label)} {subject.name}", hops, case)
    name = _name(thread, subject)
    trouble = [hop for hop in hops if hop.problem]
    doubt = [hop for hop in trouble if hop.status == "in_doubt"]
    if doubt and len(doubt) == len(trouble):
        return Verdict(
            "wait",
            "question",
            f"{name} may or may not be in {doubt[0].system}: it was sent and not answered.",
            "It is asked about before anything is sent again.",
            case,
        )
    if trouble:
        return _missing(name, trouble, case)
    postings = [hop for hop in hops if hop.kind == "posting"]
    posted = [hop for hop in postings if hop.status == "posted"]
    if posted and len(posted) == len(postings):
        return _posted(name, posted, _untold(thread, subject), case)
    if any(hop.status in ("waiting", "retrying") for hop in postings):
        system = next(hop.system for hop in postings if hop.status in ("waiting", "retrying"))
        return Verdict("info", "turn", f"{name} is on its way to {system}.", "", case)
    if case is not None:
        return Verdict("warn", "triangle", f"{name}: {_lower(case.cause)}.", "", case)
    notes = [hop.note for hop in hops if hop.status == "not_due" and hop.note]
    if notes:
        return Verdict("info", "dash", f"{name} has no ERP posting: {_lower(notes[0])}.")
    return Verdict("info", "dash", f"{name} needs no journal of its own.")


def _about(thread: Thread, subject: Hop) -> Sequence[Hop]:
    """The journals and postings of the subject itself; a customer, say, has none."""
    if subject.kind in ("journal", "posting"):
        own = [hop for hop in thread.hops if hop.journal_id == subject.journal_id]
    elif subject.kind == "event" and subject.record is None:
        own = [subject]
    else:
        own = [
            hop
            for hop in thread.hops
            if hop.record == subject.record and hop.kind in ("journal", "posting")
        ]
    return own


def _name(thread: Thread, subject: Hop) -> str:
    if subject.kind == "posting":
        return f"Journal entry JE-{subject.journal_id}"
    return f"{subject.label} {subject.name}"


def _worst(cases: Sequence[Case]) -> Case | None:
    return next((case for case in cases if case.state != CaseState.IN_DOUBT), None) or next(
        iter(cases), None
    )


def _missing(name: str, trouble: Sequence[Hop], case: Case | None) -> Verdict:
    first = next((hop for hop in trouble if hop.kind == "posting"), trouble[0])
    where = first.system if first.kind == "posting" else "the books"
    reason = case.cause if case is not None else first.missing
    waits = first.status in ("waiting", "retrying")
    return Verdict(
        "warn" if waits else "crit",
        "triangle" if waits else "diamond",
        f"{name} is not in {where}{' yet' if waits else ''}: {_lower(reason).rstrip('.')}.",
        "" if len(trouble) == 1 else f"{len(trouble)} hops of this thread are missing.",
        case,
    )


def _declined(payment: Hop) -> Verdict:
    sub = f"{payment.note}." if payment.note else ""
    return Verdict("info", "dash", f"Payment {payment.name} was declined: no money came.", sub)


def _of_many(name: str, hops: Sequence[Hop], case: Case | None) -> Verdict:
    """About everything that belongs to a record which is not posted itself."""
    trouble = [hop for hop in hops if hop.problem]
    if not trouble:
        known = sum(1 for hop in hops if hop.kind == "posting")
        postings = f"{known:,} posting{'' if known == 1 else 's'}"
        return Verdict("ok", "tick", f"Nothing is missing for {name}, in {postings}.")
    count = f"{len(trouble):,} hop{' is' if len(trouble) == 1 else 's are'}"
    reason = case.cause if case is not None else trouble[0].missing
    sentence = f"{count} missing for {name}: {_lower(reason).rstrip('.')}."
    return Verdict("crit", "diamond", sentence, "", case)


def _posted(name: str, posted: Sequence[Hop], untold: Sequence[Hop], case: Case | None) -> Verdict:
    """The books come first; what another system could not be told is said below."""
    first = posted[0]
    number = "" if first.name == "no id yet" else f" as {first.name}"
    more = "" if len(posted) == 1 else f"All {len(posted)} postings of it are there."
    if untold:
        more = f"{untold[0].system} refused “{untold[0].label}”: {_lower(untold[0].missing)}"
    return Verdict(
        "warn" if untold else "ok",
        "triangle" if untold else "tick",
        f"{name} is in {first.system}{number}.",
        more,
        case if untold else None,
        at=when(first.at) if first.at else SafeString(""),
    )


def _untold(thread: Thread, subject: Hop) -> list[Hop]:
    """What a system refused to hear about the subject itself."""
    return [
        hop for hop in thread.of("told") if hop.record == subject.record and hop.status == "refused"
    ]


def _told(hop: Hop, case: Case | None) -> Verdict:
    what = f"“{hop.label}”"
    match hop.status:
        case "done":
            at = when(hop.at) if hop.at else SafeString("")
            return Verdict("ok", "tick", f"{hop.system} was told {what}.", at=at)
        case "refused":
            sentence = f"{hop.system} refused {what}: {_lower(hop.missing).rstrip('.')}."
            return Verdict("crit", "diamond", sentence, "", case)
        case "in_doubt":
            sentence = f"{hop.system} may or may not have {what}: it did not answer."
            return Verdict("wait", "question", sentence, "It is asked about first.", case)
        case "skipped":
            note = f"{hop.note}." if hop.note else ""
            return Verdict("info", "dash", f"{hop.system} was not told {what}.", note)
    return Verdict("info", "turn", f"{what} is on its way to {hop.system}.", hop.missing, case)


def _lower(text: str) -> str:
    """Mid-sentence, but names that start with capitals stay: only a plain first word changes."""
    first, _, rest = text.partition(" ")
    plain = first[:1].isupper() and first[1:].islower() and first in _PLAIN
    return f"{first.lower()} {rest}".strip() if plain else text


_PLAIN = frozenset(
    {"It", "The", "Its", "No", "Tax", "Period", "Account", "Waits", "Work", "Entries", "Nothing",
     "Sending", "Rate"}
)  # fmt: skip
