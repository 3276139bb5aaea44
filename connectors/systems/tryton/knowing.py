"""What holds for customers on the sandbox and on a real Tryton alike."""

from __future__ import annotations

from connectors.contract import Outcome
from connectors.systems.tryton.desk import Desk, Erp, customer, journal

OK, REFUSED = Outcome.OK, Outcome.REFUSED


class Customers:
    def test_makes_a_party_with_what_it_is_told(self, erp: Erp) -> None:
        desk = Desk(erp)
        command = customer(1, tax_id="DE 136 695 976", other_ids=["0015g00000Acme"])
        receipt = desk.send_one(command)
        assert (receipt.outcome, receipt.external_number) == (OK, "cus_1")
        assert erp.parties()["cus_1"] == "Customer 1"
        (row,) = desk.raw(
            lambda tryton: tryton.search(
                "party.party",
                [["code", "=", "cus_1"]],
                ["identifiers.type", "identifiers.code", "addresses.city", "addresses.street"],
            )
        )
        identifiers = {(one["type"], one["code"]) for one in row["identifiers."]}
        assert identifiers == {("eu_vat", "DE136695976"), (None, "0015g00000Acme")}
        assert [one["city"] for one in row["addresses."]] == ["Berlin"]
        assert "Main Street 1" in row["addresses."][0]["street"]

    def test_is_in_a_country_that_tryton_lists(self, erp: Erp) -> None:
        """It begins without any: whoever runs it imports them."""
        desk = Desk(erp)
        place = {"line1": "Main Street 1", "postal_code": "10115", "city": "Berlin"}
        known = customer(1, address=place | {"country": "DE"})
        unknown = customer(2, address=place | {"country": "BT"})
        assert [one.outcome for one in desk.send(known, unknown)] == [OK, OK]
        (germany,) = desk.raw(
            lambda tryton: tryton.search("country.country", [["code", "=", "DE"]], ["code"])
        )
        rows = desk.raw(
            lambda tryton: tryton.search(
                "party.party", [["code", "in", ["cus_1", "cus_2"]]], ["code", "addresses.country"],
            )
        )  # fmt: skip
        held = {row["code"]: [one["country"] for one in row["addresses."]] for row in rows}
        assert held == {"cus_1": [germany["id"]], "cus_2": [None]}

    def test_is_done_once_for_a_key_and_found_by_it(self, erp: Erp) -> None:
        desk = Desk(erp)
        first = desk.send_one(customer(1))
        again = desk.send_one(customer(1))
        assert (again.outcome, again.external_id) == (Outcome.ALREADY_DONE, first.external_id)
        (found,) = desk.find(customer(1).key)[customer(1).key]
        assert found.external_id == first.external_id
        assert found.content_sha256 == desk.connector.digest(customer(1).payload)

    def test_brings_an_existing_party_up_to_date(self, erp: Erp) -> None:
        desk = Desk(erp)
        first = desk.send_one(customer(1, tax_id="DE136695976"))
        renamed = customer(
            1, key="rc1-second-change-1", name="Acme GmbH", tax_id="DE129274202",
            other_ids=["0015g00000Acme"],
        )  # fmt: skip
        receipt = desk.send_one(renamed)
        assert (receipt.outcome, receipt.external_id) == (OK, first.external_id)
        assert erp.parties()["cus_1"] == "Acme GmbH"
        (row,) = desk.raw(
            lambda tryton: tryton.search(
                "party.party",
                [["code", "=", "cus_1"]],
                ["identifiers.type", "identifiers.code", "addresses"],
            )
        )
        identifiers = {(one["type"], one["code"]) for one in row["identifiers."]}
        assert identifiers == {("eu_vat", "DE129274202"), (None, "0015g00000Acme")}
        assert len(row["addresses"]) == 1
        # What was asked for before stays found, and is not done again.
        assert desk.send_one(customer(1, tax_id="DE136695976")).outcome is Outcome.ALREADY_DONE
        assert erp.parties()["cus_1"] == "Acme GmbH"

    def test_links_a_party_that_finance_made(self, erp: Erp) -> None:
        desk = Desk(erp)
        made = {
            "code": "D-7000",
            "name": "Acme",
            "identifiers": [["create", [{"code": "cus_1"}]]],
        }
        desk.raw(lambda tryton: tryton.action("party.party/create", {"vlist": [made]}))
        receipt = desk.send_one(customer(1, name="Acme GmbH"))
        assert (receipt.outcome, receipt.external_number) == (OK, "D-7000")
        assert "cus_1" not in erp.parties()

    def test_journals_by_any_of_its_ids_name_the_same_party(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(customer(7, other_ids=["cus_1"]))
        assert desk.send_one(journal(1)).outcome is OK
        (move,) = erp.moves()
        assert move["lines"][0]["party"] == "cus_7"

    def test_ids_of_two_parties_are_left_to_a_person(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send(customer(1), customer(2))
        receipt = desk.send_one(customer(3, other_ids=["cus_1", "cus_2"]))
        assert (receipt.outcome, receipt.code) == (REFUSED, "party_ambiguous")

    def test_a_tax_number_that_is_none_is_refused_by_name(self, erp: Erp) -> None:
        receipt = Desk(erp).send_one(customer(1, tax_id="DE123?"))
        assert (receipt.outcome, receipt.code) == (REFUSED, "tax_id_invalid")
        assert "DE123?" in receipt.reason
        assert "cus_1" not in erp.parties()

    def test_other_content_under_a_key_is_refused(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(customer(1))
        receipt = desk.send_one(customer(1, name="Another"))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert erp.parties()["cus_1"] == "Customer 1"

    def test_one_without_a_name_is_refused(self, erp: Erp) -> None:
        assert Desk(erp).send_one(customer(1, name=" ")).outcome is REFUSED

    def test_goes_together_with_journals_in_order(self, erp: Erp) -> None:
        receipts = Desk(erp).send(journal(1), customer(1), journal(2))
        assert [receipt.outcome for receipt in receipts] == [OK] * 3
        assert receipts[1].external_id.startswith("party:")
