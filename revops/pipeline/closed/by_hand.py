"""
“It was booked by hand”: the ERP is asked for the document of that number, and it is compared.

Only a posted document that says what our entry says (day, currency, accounts, amounts) settles a
case; it then is the posting, with its own number as the evidence. Nothing is sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from connectors.contract import CallFailed, HeldDocument
from connectors.http import NotSent, Unanswered
from connectors.manifest import Capability
from connectors.models import Connection
from connectors.vault import SecretUnreadable
from exceptions.fixes import Difference, FixRefused
from exceptions.models import Case, CaseEntry, CaseState
from revops.audit.operations import Object, record_each, recorded
from revops.delivery import by_hand as delivery
from revops.delivery import gates
from revops.delivery.operations import NotPossible
from revops.kernel import clock, strict_json
from revops.kernel.money import Money
from revops.pipeline import sources
from revops.pipeline.closed.placing import KIND
from revops.pipeline.closed.subject import ACTION
from revops.pipeline.outcomes import tell
from revops.pipeline.send import target_of
from revops.pipeline.sources import Source
from revops.store import rows

log = structlog.get_logger(__name__)

MOST: Final = 20
"""Documents that one look asks for: somebody waits for the page meanwhile."""

LONGEST_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Compared:
    """A case beside a document. ``problem`` when there is none to compare; else all lines."""

    case: Case
    number: str
    lines: Sequence[Difference] = ()
    document: HeldDocument | None = None
    problem: str = ""

    @property
    def agrees(self) -> bool:
        return not self.problem and bool(self.lines) and all(one.same for one in self.lines)


def can_ask(case: Case) -> bool:
    """Whether the ERP that refused it can be asked for a document by its number."""
    try:
        source = sources.by_slug(case.connection_slug)
    except (Connection.DoesNotExist, SecretUnreadable):
        return False
    return case.command_id is not None and source.manifest.can(Capability.DOCUMENTS)


def compare(cases: Sequence[Case], numbers: Mapping[int, str]) -> list[Compared]:
    """
    Ask for the number of each case (by its id), and lay it beside our entry. Reads only; never
    inside a transaction. ``cases`` are of one connection.
    """
    wanted = [case.pk for case in cases if numbers.get(case.pk)][:MOST]
    held = Case.objects.filter(pk__in=wanted).select_related("legal_entity", "command")
    asked = sorted(held, key=lambda case: wanted.index(case.pk))
    if not asked:
        return []
    try:
        source = sources.by_slug(asked[0].connection_slug)
        found = asyncio.run(_ask(source, asked, numbers))
    except (CallFailed, NotSent, Unanswered) as failure:
        return [_unknown(case, numbers, failure.reason) for case in asked]
    except TimeoutError:
        limit = f"No answer within {LONGEST_S:.0f} seconds."
        return [_unknown(case, numbers, limit) for case in asked]
    except Exception:
        # A connector must not raise anything else; when one does, the page still says so.
        log.exception("by_hand.connector_failed", connection=asked[0].connection_slug)
        return [
            _unknown(case, numbers, "The connector failed while it was asking.") for case in asked
        ]
    return [_beside(case, numbers[case.pk], found[case.pk], source.label) for case in asked]


@recorded
def settle(*, numbers: Mapping[int, str], reason: str, by: User) -> list[Case]:
    """
    Settle these cases (by id, with the ERP's numbers) by the documents that somebody booked there;
    each is asked for and compared once more. All of them or none; never inside a transaction.

    Raises NotAllowed, and FixRefused when one of them does not say what our entry says.
    """
    by = authorize(by, ACTION)
    words = reason.replace("\x00", "").strip()[:500]
    if len(words) < 10:
        raise FixRefused("Say who booked it and why, in a sentence.")
    found = Case.objects.filter(pk__in=list(numbers), kind=KIND, state=CaseState.OPEN)
    cases = list(found.select_related("legal_entity", "command"))
    if not cases or len(cases) < len(numbers):
        raise FixRefused("One of them is settled, or goes on by itself.")
    if len({case.connection_slug for case in cases}) > 1 or not all(map(can_ask, cases)):
        raise FixRefused("This system cannot be asked for a document by its number.")
    authorize(by, ACTION, entities=[_entity(case) for case in cases])
    compared = compare(cases, numbers)
    for one in compared:
        if not one.agrees:
            raise FixRefused(f"{one.case}: {one.problem or _first(one)}")
    if len(compared) < len(cases):
        raise FixRefused(f"At most {MOST} at a time.")
    with transaction.atomic():
        with rows.widened():
            _post(compared, words)
        now = clock.now()
        CaseEntry.objects.bulk_create(
            CaseEntry(
                case=one.case, at=now, tone="ok", by=by,
                text=f"Booked by hand as {one.number}, which says what our entry says. {words}",
            )
            for one in compared
        )  # fmt: skip
        held = [
            Object(
                str(one.case), one.case.subject_label, _entity(one.case),
                before={"state": "open"}, after={"booked_by_hand": one.number},
            )
            for one in compared
        ]  # fmt: skip
        record_each("cases.booked_by_hand", by=actor_of(by), kind="case", held=held, reason=words)
    return cases


def _post(compared: Sequence[Compared], reason: str) -> None:
    source = sources.by_slug(compared[0].case.connection_slug)
    target = target_of(source.id)
    if target is None:
        raise FixRefused(f"{source.label} takes no postings.")
    held = {
        one.case.command_id: one.document
        for one in compared
        if one.case.command_id is not None and one.document is not None
    }
    try:
        endings = delivery.accept(source.id, held, reason=f"booked by hand. {reason}")
    except NotPossible as refusal:
        raise FixRefused(str(refusal)) from refusal
    gate, _ = gates.read(source.id)
    tell(target, endings, gate)


async def _ask(
    source: Source, cases: Sequence[Case], numbers: Mapping[int, str]
) -> dict[int, Sequence[HeldDocument]]:
    found: dict[int, Sequence[HeldDocument]] = {}
    async with asyncio.timeout(LONGEST_S), sources.client_of(source) as client:
        for case in cases:
            found[case.pk] = await source.connector.documents(
                client, source.settings, legal_entity=_entity(case), number=numbers[case.pk]
            )
    return found


def _beside(case: Case, number: str, held: Sequence[HeldDocument], system: str) -> Compared:
    assert case.command is not None
    ours: Any = strict_json.loads(case.command.payload)
    if not held:
        return _unknown(case, {case.pk: number}, f"{system} has no document {number}.")
    every = [Compared(case, number, _lines(ours, one), one) for one in held]
    best = next((one for one in every if one.agrees), every[0])
    if best.document is not None and best.document.key:
        return _unknown(case, {case.pk: number}, f"{number} is a posting of the console’s.")
    return best


def _lines(ours: Mapping[str, Any], theirs: HeldDocument) -> list[Difference]:
    """The day, the currency, and the balance of every account on either side."""
    currency = str(ours["currency"])
    mine: Counter[str] = Counter()
    for line in ours["lines"]:
        mine[line["account"]] += line["debit"] - line["credit"]
    held: Counter[str] = Counter()
    for side in theirs.lines:
        held[side.account] += side.amount
    found = [
        Difference("State", "posted", "posted" if theirs.posted else "draft", theirs.posted),
        _line("Dated", str(ours["accounting_date"]), theirs.dated),
        _line("Currency", currency, theirs.currency),
    ]
    for account in sorted(mine.keys() | held.keys()):
        here = _amount(mine.get(account), currency)
        there = _amount(held.get(account), theirs.currency)
        found.append(_line(f"Account {account}", here, there))
    return found


def _line(label: str, here: str, there: str) -> Difference:
    return Difference(label, here, there, here == there)


def _amount(minor: int | None, currency: str) -> str:
    """“USD 990.00 credit”; “not there” for an account that one side does not name."""
    if minor is None:
        return "not there"
    return f"{Money(abs(minor), currency)} {'debit' if minor > 0 else 'credit'}"


def _first(one: Compared) -> str:
    wrong = next(line for line in one.lines if not line.same)
    return f"{wrong.label} is {wrong.ours} in our books and {wrong.theirs} there."


def _unknown(case: Case, numbers: Mapping[int, str], why: str) -> Compared:
    return Compared(case, numbers[case.pk], problem=why)


def _entity(case: Case) -> str:
    return case.legal_entity.code if case.legal_entity else ""
