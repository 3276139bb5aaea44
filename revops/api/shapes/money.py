"""Amounts."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from revops.kernel.money import Money


class MoneyOut(BaseModel):
    """``minor`` is whole minor units: 1999 of USD is 19.99, 1999 of JPY is 1,999."""

    minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> Self:
        return cls(minor=money.minor, currency=money.currency)
