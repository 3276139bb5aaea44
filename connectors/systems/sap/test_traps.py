from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.sap import answers, confirming, xml
from connectors.systems.sap.confirming import Note
from connectors.systems.sap.desk import Desk
from connectors.systems.sap.sandbox import schema
from connectors.testing.books import Books

BOOKS = Books()
OK, REFUSED = Outcome.OK, Outcome.REFUSED


class TestTraps:
    def test_what_cannot_be_read_stops_itself_alone(self) -> None:
        desk = Desk()
        desk.one(BOOKS.journal(9))
        desk.inside.faults.set({"malformed": 1})
        receipts = desk.send(BOOKS.journal(1), BOOKS.journal(2))
        assert [one.outcome for one in receipts] == [OK, OK]
        desk.inside.faults.set({"malformed": True})
        receipt = desk.one(BOOKS.journal(3))
        assert (receipt.outcome, receipt.code, receipt.http_status) == (REFUSED, "malformed", 500)

    def test_an_account_that_is_being_posted_to_is_tried_again(self) -> None:
        desk = Desk()
        desk.inside.faults.set({"locked": 1})
        receipt = desk.one(BOOKS.journal(1))
        assert (receipt.outcome, receipt.code) == (Outcome.TRANSIENT, "locked")
        assert desk.one(BOOKS.journal(1)).outcome is OK

    def test_an_answer_that_is_silent_about_ours_is_no_answer(self) -> None:
        desk = Desk()
        desk.inside.faults.set({"silent": 1})
        assert desk.one(BOOKS.journal(1)).outcome is Outcome.IN_DOUBT

    def test_a_write_token_that_does_not_hold_is_fetched_once_more(self) -> None:
        desk = Desk()
        desk.inside.faults.set({"csrf": 1})
        assert desk.one(BOOKS.customer(1)).outcome is OK
        desk.inside.faults.set({"csrf": 2})
        receipt = desk.one(BOOKS.customer(2))
        assert (receipt.outcome, receipt.code) == (Outcome.TRANSIENT, "csrf")

    def test_partners_of_one_number_are_left_to_a_person(self) -> None:
        desk = Desk()
        for _ in range(2):
            desk.inside.world.create_partner(
                {"BusinessPartnerIDByExtSystem": "CUS_1", "OrganizationBPName1": "Acme"}
            )
        assert desk.one(BOOKS.journal(1)).code == "party_ambiguous"
        assert desk.one(BOOKS.customer(1)).code == "party_ambiguous"

    @pytest.mark.parametrize(
        ("kind", "text", "outcome", "code"),
        [
            ("201(F5)", "Posting period 005 2026 is not open", REFUSED, "period_closed"),
            ("507(F5)", "G/L account 9 is not defined in chart", REFUSED, "account_unknown"),
            ("102(F5)", "Customer 2 is not defined in company code", REFUSED, "party_missing"),
            (
                "016(X)",
                "Amount balance in transaction currency must be zero",
                REFUSED,
                "unbalanced",
            ),
            ("042(M3)", "Account is locked by user X", Outcome.TRANSIENT, "locked"),
            ("010(F5)", "No authorization for company code", Outcome.AUTH, "forbidden"),
            ("999(ZZ)", "Something else", REFUSED, "refused"),
        ],
    )
    def test_a_log_is_read_by_what_it_tells(
        self, kind: str, text: str, outcome: Outcome, code: str
    ) -> None:
        notes = [Note("609(RW)", "3", "Error in document: BKPFF $"), Note(kind, "3", text)]
        problem = answers.refusal(notes, "")
        assert (problem.outcome, problem.code) == (outcome, code)

    @pytest.mark.parametrize(
        ("status", "body", "outcome"),
        [
            (200, b"<html>", Outcome.IN_DOUBT),
            (500, b"<html><b>dump</b></html>", Outcome.IN_DOUBT),
            (503, b"", Outcome.IN_DOUBT),
            (404, b"", REFUSED),
            (403, b"No service", Outcome.AUTH),
            (302, b"", Outcome.TRANSIENT),
            (200, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Outcome.IN_DOUBT),
        ],
    )
    def test_any_other_answer_is_what_its_status_says(
        self, status: int, body: bytes, outcome: Outcome
    ) -> None:
        with pytest.raises(Problem) as caught:
            answers.of_soap(Answer(status, {}, body))
        assert caught.value.outcome is outcome

    def test_a_confirmation_is_read_whatever_its_prefixes(self) -> None:
        body = (
            b'<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body>'
            b'<n0:JournalEntryBulkCreateConfirmation xmlns:n0="http://sap.com/xi/SAPSCORE/SFIN">'
            b"<JournalEntryCreateConfirmation><MessageHeader><ReferenceID>RC1A</ReferenceID>"
            b"</MessageHeader><JournalEntryCreateConfirmation><AccountingDocument> "
            b"</AccountingDocument><FiscalYear>0000</FiscalYear></JournalEntryCreateConfirmation>"
            b"<Log><MaximumLogItemSeverityCode>3</MaximumLogItemSeverityCode><Item><TypeID>102(F5)"
            b"</TypeID><SeverityCode>3</SeverityCode><Note>Customer 2 is not defined</Note></Item>"
            b"</Log></JournalEntryCreateConfirmation><Log/></n0:JournalEntryBulkCreateConfirmation>"
            b"</env:Body></env:Envelope>"
        )
        told, general = confirming.confirmations(xml.read(body))
        assert told["RC1A"].document == ""
        assert told["RC1A"].notes == (Note("102(F5)", "3", "Customer 2 is not defined"),)
        assert general == ()


class TestSchema:
    def test_days_until_it_is_due_are_always_told(self) -> None:
        desk = Desk()
        assert desk.one(BOOKS.invoice(1)).outcome is OK
        later = BOOKS.invoice(2)
        document: Any = later.payload["document"]
        document["due_on"] = "2026-04-30"
        earlier = BOOKS.invoice(3)
        document = earlier.payload["document"]
        document["due_on"] = "2026-03-01"
        told = []
        desk.inside._post = lambda raw: told.append(raw) or (500, b"")
        desk.send(later)
        desk.send(earlier)
        assert b"<NetPaymentDays>30</NetPaymentDays>" in told[0]
        assert b"2026-03-01</DueCalculationBaseDate><NetPaymentDays>0<" in told[1]

    def test_the_sandbox_refuses_what_saps_schema_does(self) -> None:
        entry = xml.read(b"<DebtorItem><Debtor>1</Debtor><ReferenceDocumentItem/></DebtorItem>")
        assert "order" in schema.problem(entry)
        assert "not expected" in schema.problem(xml.read(b"<Item><ProfitCenter/></Item>"))
        terms = b"<CashDiscountTerms><DueCalculationBaseDate/></CashDiscountTerms>"
        assert "NetPaymentDays is missing" in schema.problem(xml.read(terms))
        assert "too long" in schema.problem(xml.read(b"<ID>" + b"x" * 36 + b"</ID>"))
