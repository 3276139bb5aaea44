"""Credit memos, disputes and write-offs: whatever the amounts, entries balance and limits hold."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.contracts import registry
from revops.ledger.chains import Amount
from revops.ledger.rules import credits, limits, write_offs
from revops.ledger.rules.credits import Lowered
from revops.ledger.rules.limits import LimitExceeded
from revops.ledger.rules.shares import Charged, Unearned
from tests.ledger.maps import US, PlainBooks, by_account

deep = settings(max_examples=150, deadline=None, derandomize=True, database=None)

ON = date(2025, 4, 1)
TYPES = ("sla_period", "contract_concession", "future_price_cut", "cancellation", "goodwill")
EURO = PlainBooks(rates={"EUR": "1.1370"})


def memo(kind: str, net: int, tax: int, settles: str = "balance", currency: str = "USD"):
    return registry.read(
        "credit.issued/1",
        {
            "credit_id": "cn_1", "customer_id": "cus_1", "invoice_id": "in_1",
            "credit_type": kind, "settles": settles, "currency": currency,
            "issued_on": "2025-04-01", "total": net + tax,
            "lines": [{
                "line_id": "cl_1", "invoice_line_id": "il_1", "amount": net,
                "taxes": [{"code": "us-ca", "amount": tax}],
            }],
        },
    )  # fmt: skip


@deep
@given(
    st.sampled_from(TYPES), st.sampled_from(("invoice", "balance", "refund")),
    st.integers(1, 10**9), st.integers(0, 10**8), st.integers(0, 10**9), st.integers(0, 10**9),
    st.integers(0, 10**9), st.integers(0, 10**8), st.booleans(),
)  # fmt: skip
def test_a_memo_balances_and_takes_no_more_than_is_deferred(
    kind: str, settles: str, net: int, tax: int, rest: int, earned: int, owed: int, accrued: int,
    foreign: bool,
) -> None:  # fmt: skip
    currency, books = ("EUR", EURO) if foreign else ("USD", US)
    rate = 1_137 if foreign else 1_000
    data = memo(kind, net, tax, settles, currency)
    lowered = Lowered(
        data.lines[0], Amount(rest, rest * rate // 1000), earned, Amount(rest + earned, 0), "2300",
        "4000",
    )  # fmt: skip

    found = credits.issued(
        data, books, [lowered], business_key="k", accounting_date=ON, open_amount=owed,
        customer_key="stripe:cus_1", invoice_key="stripe:in_1",
        accrued=Amount(accrued, accrued * rate // 1000), accrued_item="credit_request/cr_1",
    )  # fmt: skip

    (entry,) = found.journalized.drafts  # drafts refuse to exist unbalanced (I1)
    (taken,) = found.taken
    assert 0 <= taken.amount <= min(rest, net)
    if taken.amount == rest:
        assert taken.functional == lowered.rest.functional
    moved = by_account(entry)
    assert moved.get("1100", 0) >= -owed
    settled = -sum(moved.get(account, 0) for account in ("1100", "2400", "2410"))
    assert settled == net + tax
    assert moved.get("2100", 0) == tax


@deep
@given(
    st.integers(1, 10**9), st.integers(0, 10**8), st.integers(0, 10**9),
    st.sampled_from(("all", "unearned", "none")), st.sampled_from(("credit_loss", "concession")),
    st.data(),
)  # fmt: skip
def test_a_write_off_relieves_no_more_tax_than_is_open(
    net: int, tax: int, rest: int, relief: str, cause: str, data: st.DataObject
) -> None:
    owed = data.draw(st.integers(1, net + tax))
    event = registry.read(
        "invoice.written_off/1",
        {"invoice_id": "in_1", "written_off_on": "2025-04-01", "cause": cause,
         "tax_relief": relief},
    )  # fmt: skip

    found, (taken,) = write_offs.written_off(
        event, US, business_key="k", accounting_date=ON, currency="USD", open_amount=owed,
        charged=Charged(net, (("us-ca", tax),)), unearned=[Unearned("2300", Amount(rest, rest))],
    )  # fmt: skip

    (entry,) = found.drafts
    moved = by_account(entry)
    assert moved["1100"] == -owed
    assert 0 <= moved.get("2100", 0) <= tax
    assert 0 <= taken.amount <= min(rest, net)
    assert all(amount >= 0 for account, amount in moved.items() if account != "1100")


class TestLimits:
    def test_say_what_is_left(self) -> None:
        with pytest.raises(LimitExceeded, match="12.00 was charged and USD\xa02.00 of it is left"):
            limits.credited("il_1", "USD", charged=1_200, given_back=1_000, asked=300)

    def test_allow_all_of_it(self) -> None:
        limits.credited("il_1", "USD", charged=1_200, given_back=1_000, asked=200)
        limits.balance("USD", held=500, asked=500)

    def test_hold_for_tax_by_its_code(self) -> None:
        with pytest.raises(LimitExceeded, match="tax us-ca of line il_1"):
            limits.credited("il_1", "USD", charged=0, given_back=0, asked=1, tax_code="us-ca")
