from __future__ import annotations

from typing import Any, Final

import pytest

from connectors.caller import encode, major
from connectors.contract import Outcome, Settings
from connectors.http import Answer, Client
from connectors.problem import Problem
from connectors.systems.oracle_fusion import answers, importing, receivables, refusals, wire
from connectors.systems.oracle_fusion.sandbox import asking
from connectors.systems.oracle_fusion.sandbox.ledger import packed
from connectors.systems.oracle_fusion.test_contract import SETTINGS
from connectors.systems.oracle_fusion.wire import Fusion, Unit
from connectors.testing import LOOPBACK
from connectors.testing.answers import mean_what_is_said_of_them, recorded

RECORDED: Final = recorded(__file__)


def fusion(**parameters: Any) -> Fusion:
    client = Client(LOOPBACK, hosts=(), allow_loopback=True)
    told = {**SETTINGS.parameters, **parameters}
    return Fusion(client, Settings("oracle_fusion", LOOPBACK, told, SETTINGS.secrets))


class TestAnswers:
    def test_mean_what_they_say_and_a_read_is_never_in_doubt(self) -> None:
        mean_what_is_said_of_them(RECORDED, answers.problem)

    def test_a_fault_of_soap_is_a_refusal_though_it_comes_with_500(self) -> None:
        fault = b"<e:Envelope><e:Fault><faultstring>JBO-1: no party</faultstring></e:Fault>"
        with pytest.raises(Problem) as caught:
            answers.of_soap(Answer(500, {}, fault))
        assert (caught.value.outcome, caught.value.code) == (Outcome.REFUSED, "party_missing")
        with pytest.raises(Problem) as caught:
            answers.of_soap(Answer(500, {}, b"<html>"))
        assert caught.value.outcome is Outcome.IN_DOUBT

    def test_an_upload_that_was_not_taken_says_so_with_a_success(self) -> None:
        for number in ("-1", "none"):
            with pytest.raises(Problem) as caught:
                importing._request({"ReqstId": number}, "the file")
            assert (caught.value.outcome, caught.value.code) == (
                Outcome.REFUSED,
                "upload_refused",
            )
        with pytest.raises(Problem) as caught:
            importing._request({}, "the file")
        assert caught.value.outcome is Outcome.IN_DOUBT


class TestLogs:
    @pytest.mark.parametrize(
        ("log", "code"),
        [
            ("EP01 2026-03-31 is not in any open period", "period_closed"),
            ("EG01\nEU02 The journal is unbalanced", "unbalanced"),
            ("EF04 FLEX-VALUE DOES NOT EXIST (VALUE=9999)", "account_unknown"),
            ("EC03 no rate", "currency_mismatch"),
            ("EG01 another line", "refused"),
            ("It ended. Nothing to load. E1", "nothing_imported"),
            ("", "nothing_imported"),
        ],
    )
    def test_give_a_code_for_machines_and_their_own_line_for_people(
        self, log: str, code: str
    ) -> None:
        found, reason = refusals.of_import(log, "4711")
        assert found == code
        assert "4711" in reason

    def test_are_unpacked_and_garbage_is_an_empty_log(self) -> None:
        assert importing._unpacked(packed("EP01 so")) == "EP01 so"
        assert [importing._unpacked(odd) for odd in ("", "%%", "QUJD")] == ["", "", ""]


class TestWire:
    def test_reads_where_each_legal_entity_has_its_books(self) -> None:
        told = "US-INC = 1, US Unit, 101; UK-LTD=2,UK Unit,102; DE = 3; X = 4, b'd, 1"
        assert wire.units(told) == {
            "US-INC": Unit("1", "US Unit", "101"),
            "UK-LTD": Unit("2", "UK Unit", "102"),
        }

    def test_finds_our_account_in_a_combination_and_leaves_others_as_they_are(self) -> None:
        held = fusion(account_pattern="{company}-00-{account}")
        assert held.combination("4000", held.units["US-INC"]) == "101-00-4000"
        assert held.account_of("101-00-4000") == "4000"
        assert held.account_of("101-4000") == "101-4000"

    def test_a_connection_without_books_or_account_is_refused_in_words(self) -> None:
        for odd in ({"books": "US-INC"}, {"account_pattern": "101-000"}):
            with pytest.raises(Problem) as caught:
                fusion(**odd)
            assert (caught.value.outcome, caught.value.code) == (Outcome.REFUSED, "parameter")

    def test_an_amount_is_exact_or_nothing(self) -> None:
        assert wire.minor("12.50", 2) == 1250
        assert encode({"Amount": major(1_299_000_01, 2)}) == '{"Amount":1299000.01}'
        for odd in ("12.505", "x", "NaN"):
            with pytest.raises(Problem):
                wire.minor(odd, 2)

    def test_a_number_follows_from_the_key_and_fits(self) -> None:
        numbers = {receivables.number(f"rc1-{n:064x}") for n in range(50)}
        assert len(numbers) == 50
        assert {len(number) for number in numbers} == {20}


class TestQueriesOfTheSandbox:
    def test_are_read_as_fusion_reads_them(self) -> None:
        row = {"A": "x'y", "B": 7}
        for query, holds in (
            ("A='x''y' and B=7", True),
            ("A='z' or (B >= 7 and A LIKE 'x%')", True),
            ("A LIKE '_''y'", True),
            ("A LIKE 'y%'", False),
        ):
            assert asking.test(query)(row) is holds, query
        for odd in ("A='", "A='x' B=7", "(A='x'", "and", "A LIKE 'x' and"):
            with pytest.raises(asking.QueryInvalid):
                asking.test(odd)
        with pytest.raises(asking.QueryInvalid):
            asking.test("C=1")(row)
