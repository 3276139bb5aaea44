"""
What an amount of an invoice consists of: price and taxes, in the invoice's own proportion.

A payment, a refund or what is left open is gross. Its parts follow from the invoice by largest
remainder (accounting.md, rounding), so that they add up to it, and all of it is all of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from revops.kernel.money import allocate
from revops.ledger.chains import Amount


@dataclass(frozen=True, slots=True)
class Charged:
    """What an invoice charged: its net amount, and (code, amount) of each tax."""

    net: int
    taxes: tuple[tuple[str, int], ...] = ()

    def split(self, amount: int) -> Charged:
        """``amount`` of it, in its proportion. An invoice of nothing is all price."""
        weights = [max(0, self.net), *[max(0, tax) for _, tax in self.taxes]]
        if not sum(weights):
            return Charged(amount)
        net, *taxes = allocate(amount, weights)
        codes = [code for code, _ in self.taxes]
        return Charged(net, tuple(zip(codes, taxes, strict=True)))

    def between(self, before: int, after: int) -> Charged:
        """What ``after`` has more than ``before``: so that steps add up to one, in any order."""
        first, last = self.split(before), self.split(after)
        less = dict(first.taxes)
        taxes = tuple([(code, amount - less.get(code, 0)) for code, amount in last.taxes])
        return Charged(last.net - first.net, taxes)

    @property
    def tax(self) -> int:
        return sum([amount for _, amount in self.taxes])


@dataclass(frozen=True, slots=True)
class Unearned:
    """What is deferred on an account and may be taken back with what is not paid."""

    deferral_account: str
    rest: Amount


def taken_of(unearned: Sequence[Unearned], amount: int) -> list[Amount]:
    """Up to ``amount``, from one after the other."""
    found = []
    for one in unearned:
        part = one.rest.part(max(0, min(amount, one.rest.amount)))
        amount -= part.amount
        found.append(part)
    return found
