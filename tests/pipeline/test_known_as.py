"""Under which ids a posting names its customer."""

from __future__ import annotations

import pytest

from connectors.postings import JOURNAL, Posting
from revops.canonical.models import Customer, Party
from revops.delivery.models import OutboundCommand
from revops.kernel import strict_json
from revops.pipeline import known_as
from tests import factories as make
from tests.pipeline.rehearsal import Rehearsal


@pytest.mark.django_db
class TestKnownAs:
    def test_is_by_every_account_and_by_what_the_console_called_it(self) -> None:
        party, gone = make.a_party(country="US"), make.a_party()
        Party.objects.filter(pk=gone.pk).update(merged_into=party)
        older = make.a_party()
        Party.objects.filter(pk=older.pk).update(merged_into=gone)
        billing, crm = make.a_connection(), make.a_connection("salesforce", "salesforce")
        for connection, source_id in ((crm, "001A"), (billing, "cus_1"), (billing, "cus_2")):
            make.a_customer(connection, source_id=source_id, party=party)
        make.a_customer(billing, source_id="cus_9")
        found = known_as.of({("billing", "cus_1"), ("billing", "cus_unknown")})
        assert set(found) == {("billing", "cus_1")}
        who = found["billing", "cus_1"]
        named = [f"PTY-{one.pk}" for one in (party, gone, older)]
        assert who.besides("cus_1", at=billing.pk) == [*named, "001A", "cus_2"]
        assert who.country == "US"
        assert known_as.of(set()) == {}

    def test_is_by_an_erps_own_number_in_that_erp_alone(self) -> None:
        """Numbers are plain there: the same one is somebody else in another ERP."""
        party = make.a_party()
        erp = make.a_connection("erp", "business_central")
        other = make.a_connection("other", "tryton")
        make.a_customer(make.a_connection(), source_id="cus_1", party=party)
        make.a_customer(erp, source_id="10000", party=party)
        who = known_as.of({("billing", "cus_1")})["billing", "cus_1"]
        assert who.besides("cus_1", at=erp.pk) == [f"PTY-{party.pk}", "10000"]
        assert who.besides("cus_1", at=other.pk) == [f"PTY-{party.pk}"]


class TestAPosting:
    def test_carries_them_and_stays_the_same_posting(self, line: Rehearsal) -> None:
        line.subscribe(line.customer(address={"country": "DE", "city": "Berlin"}))
        line.deliver()
        line.run()
        line.settle()
        billed = Customer.objects.get()
        command = OutboundCommand.objects.get(document_type="invoice")
        payload = strict_json.loads(command.payload)
        (named,) = [one["customer"] for one in payload["lines"] if one["customer"]]
        assert (named["id"], named["other_ids"]) == (billed.source_id, [f"PTY-{billed.party_id}"])
        assert named["country"] == billed.party.country == "DE"
        posting = Posting.of(JOURNAL, payload)
        assert {one.customer_country for one in posting.lines if one.customer} == {"DE"}
        named["other_ids"] += ["001A"]
        later = Posting.of(JOURNAL, payload)
        assert later.lines != posting.lines
        assert later.content == posting.content
        named.pop("other_ids")
        assert Posting.of(JOURNAL, payload).content == posting.content
