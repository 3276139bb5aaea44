"""What a document earns in a period: at once by its entries, and over time by its schedules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from revops.ledger.books import EntityBooks
from revops.ledger.chains import Held
from revops.ledger.drafts import JournalDraft
from revops.ledger.rules.base import Role
from revops.ledger.schedules import Period

_ROLES: Final = (
    Role.PROCESSING_FEES, Role.SERVICE_CREDITS, Role.REFUNDS_AND_ALLOWANCES, Role.DISPUTE_FEES,
    Role.CREDIT_LOSS,
)  # fmt: skip
_ONE_DAY: Final = timedelta(days=1)


def earned_by(
    drafts: Sequence[JournalDraft], chains: Mapping[str, Sequence[Held]],
    before: Mapping[str, Sequence[Held]], own: EntityBooks, period: Period,
) -> dict[str, dict[str, tuple[int, int]]]:  # fmt: skip
    """
    Currency → account → (amount, functional): at once, by the entries that fall into the period,
    and over time, what the schedules earn up to its end beyond what they earn without the event.
    """
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))

    def add(currency: str, account: str, amount: int, functional: int) -> None:
        held = found[currency][account]
        held[0] += amount
        held[1] += functional

    earning = _earning(own)
    for draft in drafts:
        if draft.accounting_date in period.span:
            for line in draft.lines:
                if line.account in earning:
                    add(draft.currency, line.account, line.amount, line.functional)
    for way, held in ((-1, chains), (1, before)):
        for one in (one for chain in held.values() for one in chain):
            sums = one.earned(period.span.end + _ONE_DAY, own.periods)
            account = one.terms.revenue_account
            add(one.currency, account, way * sums.amount, way * sums.functional)
    return {
        currency: {account: (sums[0], sums[1]) for account, sums in accounts.items() if any(sums)}
        for currency, accounts in found.items()
    }


def _earning(own: EntityBooks) -> frozenset[str]:
    """The income statement's accounts that documents move; exchange differences do not wait."""
    revenue = {one.revenue_account for held in own.skus.values() for *_, one in held}
    return frozenset(revenue | {code for role in _ROLES for *_, code in own.accounts.get(role, ())})
