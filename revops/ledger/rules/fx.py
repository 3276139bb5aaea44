"""
Foreign currency: what is monetary follows the rate, what is not stays as it was.

Sources: monetary items are remeasured at each balance sheet date and the difference goes to income
(ASC 830-20-35-1, 35-2); deferred revenue is non-monetary and keeps its historical rate
(accounting.md note 8), so that revenue over the term does not follow later rates (I10). A
settlement realises the difference between the rate of then and the rate of now:
``base.Line.held`` and ``base.draft``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from revops.kernel.money import conversion, divide_half_up
from revops.ledger import items
from revops.ledger.drafts import DraftLine, JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules.base import Books, Line, Role, draft


@dataclass(frozen=True, slots=True)
class Balance:
    """
    What the books hold in a foreign currency: signed, debit positive. By customer where the account
    names them, because ERPs keep receivables by customer.
    """

    account: str
    currency: str
    amount: int
    functional: int
    customer_id: str = ""
    customer_name: str = ""


def remeasured(
    balances: Sequence[Balance], books: Books, *, business_key: str, on: date, revision: int = 1
) -> JournalDraft | None:
    """
    J10b: the balances of one currency at the rate of ``on``, the difference against unrealised
    exchange gains and losses. Only the books' own currency moves. None when nothing differs, which
    makes a second run post the difference alone.

    ``balances`` are those of monetary accounts, and include what earlier runs posted. Raises
    MappingMissing.
    """
    (currency,) = {balance.currency for balance in balances}
    rate = books.rate(currency)
    over, under = conversion(currency, books.functional_currency, rate.value)
    lines = []
    for balance in balances:
        difference = divide_half_up(balance.amount * over, under) - balance.functional
        if difference:
            memo = f"{currency} at {rate.value.normalize():f} of {rate.day}"
            about = ("", balance.customer_id, balance.customer_name)
            lines.append(DraftLine(balance.account, 0, difference, memo, *about))
    if not lines:
        return None
    total = sum([line.functional for line in lines])
    if total:
        account = books.account(Role.UNREALIZED_FX)
        lines.append(DraftLine(account, 0, -total, f"Remeasured {currency}"))
    return JournalDraft(
        legal_entity=books.legal_entity,
        document_type="remeasurement",
        business_key=business_key,
        revision=revision,
        accounting_date=on,
        currency=currency,
        functional_currency=books.functional_currency,
        description=f"{currency} balances remeasured on {on}",
        rule="fx.remeasured",
        lines=tuple(lines),
        mapping_version=books.mapping_version,
        rate=rate,
    )


def processed(books: Books, currency: str, key: str) -> str:
    """The open item of a foreign amount on clearing; none in the books' own currency."""
    return items.processed(key) if currency != books.functional_currency else ""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """
    What a processor turned into the payout's currency: ``amount`` of ``currency``, which the books
    hold at ``functional``, became ``into``. Signed as they came in, mostly positive.
    """

    currency: str
    amount: int
    functional: int | None
    into: int


def exchanged(
    parts: Sequence[Exchanged],
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    currency: str,
    source_id: str,
) -> tuple[JournalDraft, ...]:
    """
    The processor's balance moves from one currency to another: out of clearing in the one, into it
    in the other. An entry balances in its own currency (I1), so there is one for each side, with
    realised exchange differences between them: what is left there is the gain or loss.

    Raises MappingMissing.
    """
    clearing, fx = books.account(Role.PROCESSOR_CLEARING), books.account(Role.REALIZED_FX)
    found = []
    for part in sorted(parts, key=lambda each: each.currency):
        if not part.amount or not part.into:
            continue
        held = part.functional
        for code, amount, own in (
            (part.currency, -part.amount, -held if held is not None else None),
            (currency, part.into, None),
        ):
            memo = f"{part.currency} exchanged to {currency}, {source_id}"
            counter = -own if own is not None else None
            found.append(
                draft(
                    books,
                    [
                        Line(clearing, amount, memo, source_id, held=own),
                        Line(fx, -amount, memo, source_id, held=counter),
                    ],
                    document_type="exchange",
                    business_key=key_within(business_key, part.currency, code),
                    accounting_date=accounting_date,
                    currency=code,
                    description=memo,
                    rule="fx.exchanged",
                )
            )
    return tuple(found)
