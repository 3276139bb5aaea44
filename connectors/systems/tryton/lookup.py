"""Moves and invoices by our key or by Tryton's id; moves by their number, whoever made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from connectors.contract import Found, HeldDocument
from connectors.systems.tryton import forms, invoices, moves
from connectors.systems.tryton.books import Library
from connectors.systems.tryton.wire import Tryton

_AT_ONCE = 100


async def by_keys(tryton: Tryton, library: Library, keys: Sequence[str]) -> dict[str, list[Found]]:
    """
    What is posted and drafts by key, in the order in which they were made. Raises Problem.

    Moves and invoices, whatever the key was first used for. Prefix patterns, so that the text can
    go on for people; with the indexes of README.md Tryton's database answers a hundred of them in
    about ten milliseconds.
    """
    found: dict[str, list[Found]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = set(keys[start : start + _AT_ONCE])
        for form in forms.held(library):
            patterns = [[form.field, "like", f"{key}%"] for key in sorted(wanted)]
            rows = await tryton.search(
                form.model, ["OR", *patterns], form.read, order=[["id", "ASC"]]
            )
            for row in rows:
                key = form.key_of(row)
                document = form.found(row, library) if key in wanted else None
                if document is not None:
                    found.setdefault(key, []).append(document)
    return found


async def by_ids(tryton: Tryton, library: Library, ids: Sequence[str]) -> dict[str, Found]:
    """Documents by the ids that we gave out for them; missing ones are absent. Raises Problem."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for external_id in ids:
        form = forms.of(external_id)
        number = form.number(external_id)
        if number.isdecimal():
            numbers[form.kind].append(int(number))
    held: dict[str, Found] = {}
    for kind, wanted in numbers.items():
        form = forms.BY_KIND[kind]
        for row in await tryton.search(form.model, [["id", "in", wanted]], form.read):
            document = form.found(row, library)
            if document is not None:
                held[document.external_id] = document
    return held


async def by_number(
    tryton: Tryton, library: Library, legal_entity: str, number: str
) -> list[HeldDocument]:
    """
    Moves, and invoices with the lines of theirs, of the company that keeps the entity's books; none
    where Tryton has no such company.
    """
    books = library.of(legal_entity)
    if books is None:
        return []
    wanted = [["number", "=", number], ["company", "=", books.company]]
    rows = await tryton.search(forms.MOVE.model, wanted, moves.READ, order=[["id", "ASC"]])
    found = [moves.document(row, books) for row in rows if str(row["number"] or "") == number]
    if library.invoices:
        model, read = forms.INVOICE.model, invoices.READ
        rows = await tryton.search(model, wanted, read, order=[["id", "ASC"]])
        found += [invoices.document(row, books) for row in rows if row["move."] is not None]
    return found
