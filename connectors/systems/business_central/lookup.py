"""What Business Central holds under our keys, as drafts and posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.caller import any_of, lots
from connectors.contract import Found, HeldDocument
from connectors.systems.business_central import entries, forms, names, wire
from connectors.systems.business_central.books import Books, Library
from connectors.systems.business_central.entries import Posted
from connectors.systems.business_central.forms import BY_KIND, Form
from connectors.systems.business_central.wire import Central, Row

_DRAFTS = ("Draft", "In Review", "In_x0020_Review", " ", "")


@dataclass(frozen=True, slots=True)
class Held:
    """``draft`` is the id of a draft, “” of what is posted; ``etag`` the state it was read in."""

    form: Form
    external_id: str
    number: str
    content: str
    draft: str = ""
    etag: str = ""
    lines: int = 0

    @property
    def posted(self) -> bool:
        return not self.draft

    @property
    def found(self) -> Found:
        return Found(self.external_id, self.number, self.posted, self.content)


async def by_keys(central: Central, books: Books, keys: Sequence[str]) -> dict[str, list[Held]]:
    """
    In the order of posting, drafts last; keys without anything are absent. Whatever kind a key was
    first used for. Raises Problem.
    """
    found: dict[str, list[Held]] = defaultdict(list)
    for key, posted in await journals(central, books, keys):
        form = forms.PAYMENTS if posted.type == entries.PAYMENT else forms.JOURNALS
        found[key].append(
            Held(form, posted.external_id(books), posted.number, posted.content(books))
        )
    for form in BY_KIND.values():
        for key, held in await _of(central, books, form, keys):
            found[key].append(held)
    return dict(found)


async def journals(central: Central, books: Books, keys: Sequence[str]) -> list[tuple[str, Posted]]:
    """What is posted of our journals and payments. Raises Problem."""
    by_number = {names.document_number(key): key for key in keys}
    held = await entries.by_numbers(central, books, list(by_number))
    return [(by_number[one.number], one) for one in held if one.number in by_number]


async def invoices(central: Central, books: Books, keys: Sequence[str]) -> dict[str, Row]:
    """Posted sales invoices by our key. Raises Problem."""
    by_name = {names.external_number(key): key for key in keys}
    rows: list[Row] = []
    for lot in lots(list(by_name), wire.AT_ONCE):
        rows += await central.rows(
            f"{books.path}/{forms.INVOICES.path}", filter=any_of(forms.INVOICES.field, lot)
        )
    return {
        by_name[row[forms.INVOICES.field]]: row
        for row in rows
        if row.get("status") not in _DRAFTS and row.get(forms.INVOICES.field) in by_name
    }


async def one(central: Central, books: Books, form: Form, draft: str) -> Row | None:
    """A draft with its lines; None when it is gone. Raises Problem."""
    return await central.one(f"{books.path}/{form.path}({draft})?$expand={form.lines}")


def draft_of(form: Form, row: Row, books: Books) -> Held:
    guid = wire.text(row, "id")
    return Held(
        form,
        f"{form.prefix}{guid}",
        "",
        forms.drafted(form, row, books),
        draft=guid,
        etag=str(row.get("@odata.etag") or "*"),
        lines=len(row[form.lines]),
    )


async def _of(
    central: Central, books: Books, form: Form, keys: Sequence[str]
) -> list[tuple[str, Held]]:
    by_name = {form.name(key): key for key in keys}
    rows: list[Row] = []
    for lot in lots(list(by_name), wire.AT_ONCE):
        rows += await central.rows(
            f"{books.path}/{form.path}", filter=any_of(form.field, lot), expand=form.lines
        )
    rows = [row for row in rows if row.get(form.field) in by_name]
    # An empty batch is what posting leaves behind, or what somebody emptied: nothing is in it.
    drafts = [row for row in rows if _is_draft(form, row) and (not form.batch or row[form.lines])]
    found = [(by_name[row[form.field]], draft_of(form, row, books)) for row in drafts]
    posted = [row for row in rows if not _is_draft(form, row)]
    content = await contents(central, books, form, [wire.text(row, "number") for row in posted])
    return [(by_name[row[form.field]], _posted(form, row, content)) for row in posted] + found


async def contents(
    central: Central, books: Books, form: Form, numbers: Sequence[str]
) -> dict[str, str]:
    """What posted sales documents are in the books, by their number. Raises Problem."""
    if not numbers:
        return {}
    types = (entries.INVOICE,) if form is forms.INVOICES else entries.CREDIT_MEMO
    held = await entries.by_numbers(central, books, numbers)
    return {one.number: one.content(books) for one in held if one.type in types}


def _is_draft(form: Form, row: Row) -> bool:
    return form.batch or str(row.get("status") or "") in _DRAFTS


def _posted(form: Form, row: Row, content: Mapping[str, str]) -> Held:
    number = wire.text(row, "number")
    return Held(form, f"{form.prefix}{wire.text(row, 'id')}", number, content.get(number, ""))


async def sales_of(
    central: Central, books: Books, found: Sequence[Posted]
) -> dict[tuple[str, str], Row]:
    """The sales documents that postings are of, by the postings' type and number."""
    known: dict[tuple[str, str], Row] = {}
    for form, types in (
        (forms.INVOICES, (entries.INVOICE,)),
        (forms.CREDIT_MEMOS, entries.CREDIT_MEMO),
    ):
        numbers = list(dict.fromkeys(one.number for one in found if one.type in types))
        for lot in lots(numbers, wire.AT_ONCE):
            for row in await central.rows(
                f"{books.path}/{form.path}", filter=any_of("number", lot)
            ):
                for name in types:
                    known[name, wire.text(row, "number")] = {**row, "prefix": form.prefix}
    return known


def named(row: Row) -> tuple[str, str]:
    """Our key and the id of a sales document as ``sales_of`` found it."""
    key = names.key_of_document(str(row.get(forms.INVOICES.field) or ""))
    return key, f"{row['prefix']}{wire.text(row, 'id')}"


async def by_number(
    central: Central, library: Library, legal_entity: str, number: str
) -> list[HeldDocument]:
    """What is in the general ledger under a number, whoever posted it. Raises Problem."""
    books = library.of(legal_entity)
    if books is None:
        return []
    held = await entries.by_numbers(central, books, [number])
    known = await sales_of(central, books, held)
    found = []
    for one in held:
        sales = known.get((one.type, one.number))
        key, identity = named(sales) if sales else (one.key, one.external_id(books))
        found.append(
            HeldDocument(
                external_id=identity,
                external_number=one.number,
                posted=True,
                dated=one.day,
                currency=books.currency,
                lines=one.lines,
                text=one.text,
                key=key,
            )
        )
    return found
