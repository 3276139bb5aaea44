"""Q2: a contract is amended in mid-term, and a region's tax is not what the ERP takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from accounts.models import User
from exceptions import operations as cases
from exceptions.models import Case
from revops.canonical.models import Invoice, Party, RecordChange, Subscription
from revops.ledger.models import JournalEntry, RevenueSchedule
from revops.lineage.queries import thread
from revops.mappings.models import MappingVersion
from revops.sandbox.tours import amending
from revops.sandbox.tours.amendment import TOUR
from tests.journeys.world import World, lines

YEAR, NEW_YEAR = 1_200_000, 2_700_000
# The sandbox takes 2.9 % and 30 cents.
FEE = 37_701


def share(amount: int, part: int, whole: int) -> int:
    """Half up, away from zero."""
    exact = Decimal(amount) * part / whole
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


class TestAmendment:
    def test_a_change_in_mid_term_is_billed_booked_told_and_the_group_is_booked_again(
        self, world: World, ana: User
    ) -> None:
        changed = world.walk(TOUR, {"run": "Q2"}, until="erp")
        self._is_spread_anew(changed.facts)
        self._is_booked(changed.facts)
        assert not world.open_cases()

        refused = world.walk(TOUR, changed.facts, until="map")
        found = self._is_one_cause_with_a_case_for_each_invoice(refused.facts)
        versions = MappingVersion.objects.count()

        mapped = world.walk(TOUR, refused.facts, until="rebooked")
        assert MappingVersion.objects.count() == versions + 1
        outcome = cases.retry_cause(cause_key=found, remedy="rebook", by=ana)
        assert (outcome.done, outcome.refused) == (2, {})
        world.settle()
        walked = world.walk(TOUR, mapped.facts)

        assert walked.done
        assert not world.open_cases()
        facts = dict(walked.facts)
        self._is_booked_again(facts)
        self._is_what_the_erp_holds(world)
        self._is_one_thread(facts)
        self._was_told_to_sales(world, facts)
        self._was_told_to_success(world, facts)

    def _is_spread_anew(self, facts: Mapping[str, Any]) -> None:
        """The old schedule stops on the day; what was left and what was added goes on."""
        old, new = RevenueSchedule.objects.filter(chain=f"stripe:{facts['subscription']}").order_by(
            "pk"
        )
        started, day, ends, whole = self._term(facts)
        assert (old.sku, old.total, old.service_start, old.service_end) == (
            amending.OLD, YEAR, started, ends,
        )  # fmt: skip
        assert (old.stopped_on, old.stop_reason, old.successor_id) == (day, "change", new.pk)
        left = (ends - day).days + 1
        rest = YEAR - share(YEAR, whole - left, whole)
        total = rest - share(YEAR, left, whole) + share(NEW_YEAR, left, whole)
        assert (new.sku, new.total, new.carried) == (amending.NEW, total, rest)
        assert (new.service_start, new.service_end) == (day, ends)

    def _term(self, facts: Mapping[str, Any]) -> tuple[date, date, date, int]:
        """First day, day of the change, last day, and how many days in all."""
        row = Subscription.objects.get(pk=facts["subscription_id"])
        day = Invoice.objects.get(pk=facts["change_id"]).issued_on
        assert row.renews_on is not None
        assert (day - row.started_on).days == amending.PASSED
        ends = row.renews_on - timedelta(days=1)
        return row.started_on, day, ends, (ends - row.started_on).days + 1

    def _is_booked(self, facts: Mapping[str, Any]) -> None:
        _, _, _, whole = self._term(facts)
        left = whole - amending.PASSED
        back, more = share(YEAR, left, whole), share(NEW_YEAR, left, whole)
        tax_back, tax_more = share(back, 825, 10_000), share(more, 825, 10_000)
        books = [
            (entry.document_type, entry.business_key, lines(entry))
            for entry in JournalEntry.objects.exclude(document_type="recognition").order_by("pk")
        ]
        paid = YEAR + 99_000
        first, payment, fee, change = books
        assert first[:2] == ("invoice", f"stripe:{facts['invoice']}")
        assert first[2] == [("1100", paid), ("2300", -YEAR), ("2100", -99_000)]
        assert payment[0] == "payment"
        assert payment[2] == [("1050", paid), ("1100", -paid)]
        assert fee[2] == [("6100", FEE), ("1050", -FEE)]
        assert change[:2] == ("invoice", f"stripe:{facts['change']}")
        assert change[2] == [
            ("1100", more - back + tax_more - tax_back),
            ("2300", back), ("2100", tax_back), ("2300", -more), ("2100", -tax_more),
        ]  # fmt: skip
        self._is_earned_day_by_day(facts)

    def _is_earned_day_by_day(self, facts: Mapping[str, Any]) -> None:
        """Each ended month has the share of its days, of the total as rounded to its end."""
        started, day, ends, whole = self._term(facts)
        total = RevenueSchedule.objects.latest("pk").total
        left = (ends - day).days + 1
        found = JournalEntry.objects.filter(document_type="recognition").order_by("pk")
        assert found
        earned: Counter[date] = Counter()
        for entry in found:
            (deferred, amount), (revenue, other) = lines(entry)
            assert (deferred, revenue, amount + other) == ("2300", "4000", 0)
            assert entry.accounting_date == entry.period.ends
            earned[entry.period.ends] += amount
        before = 0
        for latest in sorted(earned):
            # What changed on the last day of a month earns that day by its new price.
            old, new = (
                (min(latest + timedelta(days=1), day) - started).days,
                (latest - day).days + 1,
            )
            upto = share(YEAR, old, whole) + share(total, max(0, new), left)
            assert earned[latest] == upto - before
            before = upto

    def _is_one_cause_with_a_case_for_each_invoice(self, facts: Mapping[str, Any]) -> str:
        found = list(Case.objects.exclude(state="resolved"))
        assert {case.cause_key for case in found} == {facts["cause"]}
        assert {case.cause for case in found} == {
            "Account 2100 cannot be posted to in Tryton: it is closed"
        }
        assert {(case.kind, case.currency, case.at_stake) for case in found} == {
            ("target_setup", "GBP", 900_000), ("target_setup", "GBP", 300_000),
        }  # fmt: skip
        return str(facts["cause"])

    def _is_booked_again(self, facts: Mapping[str, Any]) -> None:
        """Undone here line by line, and once more with the account that the ERP takes."""
        for name, total, net, tax, earned in (
            ("invoice_uk", 900_000, 750_000, 150_000, "2300"),
            ("invoice_start", 300_000, 250_000, 50_000, "4000"),
        ):
            entries = JournalEntry.objects.filter(business_key=f"stripe:{facts[name]}")
            found = {(one.document_type, one.revision): lines(one) for one in entries}
            assert found == {
                ("invoice", 1): [("1100", total), (earned, -net), ("2100", -tax)],
                ("void", 1): [("1100", -total), (earned, net), ("2100", tax)],
                ("invoice", 2): [("1100", total), (earned, -net), ("2110", -tax)],
            }
        schedule = RevenueSchedule.objects.get(chain=f"stripe:{facts['subscription_uk']}")
        assert (schedule.total, schedule.currency, schedule.stopped_on) == (750_000, "GBP", None)

    def _is_what_the_erp_holds(self, world: World) -> None:
        """Every entry that stands, once, with its lines; nothing of what it refused."""
        undone = JournalEntry.objects.filter(document_type="void").values("reverses_id")
        standing = JournalEntry.objects.exclude(document_type="void").exclude(pk__in=undone)
        ours = Counter(
            (entry.legal_entity.name, entry.accounting_date.isoformat(),
             tuple(sorted((line.account, line.functional) for line in entry.lines.all())))
            for entry in standing
        )  # fmt: skip
        held = Counter(
            (move["company"], move["date"],
             tuple(sorted((line["account"], _minor(line)) for line in move["lines"])))
            for move in world.moves()
        )  # fmt: skip
        assert {company: 0 for company, _, _ in held} == {"US-INC": 0, "UK-LTD": 0}
        names = {"US Inc": "US-INC", "UK Ltd": "UK-LTD"}
        assert held == Counter(
            {(names[entity], day, told): count for (entity, day, told), count in ours.items()}
        )

    def _is_one_thread(self, facts: Mapping[str, Any]) -> None:
        found = thread("opportunity", facts["opportunity_id"])
        assert found is not None
        assert not found.problems
        kinds = {hop.kind for hop in found.hops}
        assert kinds >= {
            "customer", "opportunity", "contract", "subscription", "invoice", "payment", "journal",
            "posting", "event",
        }  # fmt: skip
        assert {hop.id for hop in found.of("invoice")} >= {facts["change_id"]}
        assert {hop.status for hop in found.of("posting")} == {"posted"}
        region = thread("journal", facts["journal_uk"])
        assert region is not None
        assert not region.problems
        states = sorted(hop.status for hop in region.of("journal", "posting"))
        assert states.count("posted") == states.count("reversed") == 1
        changes = RecordChange.objects.filter(
            record_kind="contract", record_id=facts["contract_id"], field="net_days"
        )
        assert [(one.before, one.after) for one in changes] == [(30, 60)]

    def _was_told_to_sales(self, world: World, facts: Mapping[str, Any]) -> None:
        accounts = {row["Id"]: row for row in world.rows("Account")}
        account = accounts[facts["account"]]
        assert (account["Renewal_Value__c"], account["Renewal_Currency__c"]) == (27_000, "USD")
        _, day, ends, _ = self._term(facts)
        assert account["Renews_On__c"] == (ends + timedelta(days=1)).isoformat()
        region = accounts[facts["account_uk"]]
        assert (region["Renewal_Value__c"], region["Renewal_Currency__c"]) == (7_500, "GBP")
        invoices = {row["RevOps_Id__c"]: row for row in world.rows("RevOps_Invoice__c")}
        assert set(invoices) == {
            facts[name] for name in ("invoice", "change", "invoice_uk", "invoice_start")
        }
        change = invoices[facts["change"]]
        assert change["Account__c"] == facts["account"]
        assert change["Due_On__c"] == (day + timedelta(days=60)).isoformat()
        assert invoices[facts["invoice_uk"]]["Total__c"] == 9_000
        assert invoices[facts["invoice_start"]]["State__c"] == "open"

    def _was_told_to_success(self, world: World, facts: Mapping[str, Any]) -> None:
        named = {row["Name"]: row for row in world.companies()}
        group = named["Kestrel Group Q2"]
        for name in ("Kestrel Systems Q2", "Kestrel Systems UK Q2"):
            assert named[name]["ParentCompany"] == group["Gsid"]
        assert Party.objects.get(pk=facts["party_uk"]).parent_id == facts["group_party"]
        assert named["Kestrel Systems Q2"]["SfdcAccountId"] == facts["account"]
        granted = {row["Entitlement_Id__gc"]: row for row in world.entitlements()}
        home, region = granted[facts["subscription"]], granted[facts["subscription_uk"]]
        assert (home["Feature__gc"], home["State__gc"]) == (amending.NEW, "active")
        assert home["Quantity__gc"] == amending.SEATS
        assert region["Quantity__gc"] == amending.REGIONAL_SEATS


def _minor(line: Mapping[str, str]) -> int:
    return int((Decimal(line["debit"]) - Decimal(line["credit"])) * 100)
