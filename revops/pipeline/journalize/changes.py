"""What an event does to schedules: new ones, chains that go on, chains that are worked out anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from revops.ledger import chains
from revops.ledger.chains import Amount, Document, Held, Terms
from revops.ledger.drafts import ScheduleDraft
from revops.pipeline.journalize.facts import Facts


def begun(facts: Facts, schedule: ScheduleDraft, chain: str, entry_key: tuple[str, str]) -> Held:
    """A schedule that nothing led to."""
    return Held(
        schedule.legal_entity, schedule.business_key, schedule.line_id, 1, chain,
        terms_of(schedule), schedule.currency, schedule.functional_currency,
        Amount(schedule.total, schedule.functional_total), chains.NOTHING, schedule.service,
        schedule.customer_id, facts.story, due_from=schedule.service.start, entry_key=entry_key,
    )  # fmt: skip


def terms_of(schedule: ScheduleDraft) -> Terms:
    return Terms(
        schedule.sku, schedule.convention, schedule.deferral_account, schedule.revenue_account,
        schedule.mapping_version,
    )  # fmt: skip


def go_on(
    facts: Facts, found: Sequence[Held], day: date, delta: Amount, *, document: Document,
    reason: str, terms: Terms | None = None, end: date | None = None,
) -> Held | None:  # fmt: skip
    """``chains.go_on``, and what it made is known to the batch."""
    made = chains.go_on(
        found, day, delta, facts.books.periods, document=document, reason=reason, terms=terms,
        end=end,
    )  # fmt: skip
    if made is not None:
        facts.known.add(made)
    return made


def ended(
    facts: Facts, found: Sequence[Held], day: date, taken: Amount, document: Document
) -> None:
    """Service is over: what is left after ``taken`` is earned at once, as nothing more is owed."""
    if found:
        go_on(
            facts, found, day, chains.NOTHING - taken, document=document, reason=chains.ENDED,
            end=day,
        )  # fmt: skip


def undone(facts: Facts, removed: Mapping[Held, Amount], regained: Collection[Held] = ()) -> Amount:
    """``chains.undone`` for every chain concerned; what was credited beyond what there then was."""
    short = chains.NOTHING
    for chain in {one.chain for one in removed}:
        held = facts.known.chains[chain]
        own = {one: amount for one, amount in removed.items() if one.chain == chain}
        made, less = chains.undone(held, own, facts.books.periods, regained=regained)
        short = short + less
        held.extend(made)
        renumber(held)
    return short


def renumber(chain: Iterable[Held]) -> None:
    """Each new schedule of a line has the next part."""
    highest: dict[tuple[str, str], int] = {}
    for one in chain:
        line = (one.key, one.line_id)
        if one.id is None:
            one.part = highest.get(line, 0) + 1
        highest[line] = max(highest.get(line, 0), one.part)


def of_invoice(facts: Facts, invoice_key: str, day: date) -> list[Held]:
    """The schedules that stand for an invoice's lines on a day, whatever has changed since."""
    found = [chains.heirs(one) for one in facts.known.of_document(invoice_key)]
    return chains.standing(dict.fromkeys(found), day)
