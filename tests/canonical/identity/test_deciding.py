"""Merging, parting again and keeping apart: what moves, what stays, who was first."""

from __future__ import annotations

import threading

import pytest
from django.db import connection as database

from accounts.models import User
from accounts.queries import NotAllowed
from revops.canonical.identity.deciding import CannotDecide
from revops.canonical.models import (
    Customer,
    Merge,
    MergeProposal,
    Party,
    ProposalState,
    RecordChange,
)
from revops.canonical.queries import party_page
from revops.events.models import BusinessEvent
from revops.lineage.queries import thread
from revops.lineage.queries.find import find
from revops.mappings.models import LegalEntity
from revops.pipeline import identity
from revops.pipeline.models import FlowRun
from revops.store import sql
from tests import factories
from tests.canonical.conftest import World
from tests.cast import person

WHY = "The same company; checked with their accounts team."


def party_of(source_id: str) -> Party:
    return Party.objects.get(customers__source_id=source_id)


def merge(survivor: Party, absorbed: Party, by: User) -> Merge:
    return identity.merge(by=by, survivor_id=survivor.pk, absorbed_id=absorbed.pk, reason=WHY)


def golden(party: Party) -> tuple[object, ...]:
    party.refresh_from_db()
    return (party.name, party.domain, party.tax_id, party.country, party.region, party.currency,
            party.parent_id, party.merged_into_id)  # fmt: skip


@pytest.fixture
def pair(world: World) -> tuple[Party, Party]:
    """Sales knows it in Germany, billing in the US; nothing certain says that they are one."""
    world.customer(world.crm, "001", name="Halden Media GmbH", region="North",
                   address={"country": "DE"})  # fmt: skip
    world.customer(world.billing, "cus_1", name="Halden Media Inc", domain="halden.example",
                   currency="USD")  # fmt: skip
    return party_of("001"), party_of("cus_1")


class TestMerging:
    def test_moves_accounts_and_follows_the_owners(
        self, world: World, pair: tuple[Party, Party], mona: User
    ) -> None:
        world.owns(world.billing, "customer", "name")
        survivor, absorbed = pair
        made = merge(survivor, absorbed, mona)

        assert {one.source_id for one in survivor.customers.all()} == {"001", "cus_1"}
        assert golden(survivor)[:3] == ("Halden Media Inc", "halden.example", "")
        assert made.customer_ids == [Customer.objects.get(source_id="cus_1").pk]
        absorbed.refresh_from_db()
        assert absorbed.merged_into_id == survivor.pk
        assert party_page(absorbed.pk).party.pk == survivor.pk

    def test_is_in_the_history_with_who_and_why(
        self, pair: tuple[Party, Party], mona: User
    ) -> None:
        merge(*pair, mona)
        moved = RecordChange.objects.get(record_kind="customer", field="party")
        assert (moved.before, moved.after, moved.by) == (pair[1].pk, pair[0].pk, mona.name)
        told = RecordChange.objects.get(record_kind="party", record_id=pair[0].pk, field="merged")
        assert told.after == {"customer": pair[1].pk, "reason": WHY}

    def test_is_told_to_others_by_its_flow(self, pair: tuple[Party, Party], mona: User) -> None:
        merge(*pair, mona)
        told = BusinessEvent.objects.get(contract="customer.merged/1")
        assert told.subject_id == f"PTY-{pair[0].pk}"
        assert FlowRun.objects.get(business_event=told).flow == "customer.merged"

    def test_needs_the_right_and_a_reason(
        self, pair: tuple[Party, Party], ana: User, mona: User
    ) -> None:
        with pytest.raises(NotAllowed):
            merge(*pair, ana)
        with pytest.raises(CannotDecide, match="Say why"):
            identity.merge(by=mona, survivor_id=pair[0].pk, absorbed_id=pair[1].pk, reason="ok")
        with pytest.raises(CannotDecide, match="itself"):
            merge(pair[0], pair[0], mona)
        assert not Merge.objects.exists()

    def test_is_refused_with_who_was_first(
        self, pair: tuple[Party, Party], mona: User, rob: User
    ) -> None:
        merge(*pair, mona)
        with pytest.raises(CannotDecide, match="Mona Patel has merged .* already on"):
            merge(pair[1], pair[0], rob)

    def test_is_refused_where_somebody_stands_between(self, mona: User) -> None:
        top = factories.a_party(name="Top")
        middle = factories.a_party(name="Middle", parent=top)
        low = factories.a_party(name="Low", parent=middle)
        for survivor, absorbed in ((low, top), (top, low)):
            with pytest.raises(CannotDecide, match="Middle stands between Top and Low"):
                merge(survivor, absorbed, mona)
        merge(low, middle, mona)
        assert golden(low)[6] == top.pk


class TestParting:
    def test_restores_exactly_what_was_before(
        self, world: World, pair: tuple[Party, Party], mona: User, rob: User
    ) -> None:
        world.owns(world.billing, "customer", "name")
        child = factories.a_party(name="Halden Labs", parent=pair[1])
        before = [golden(party) for party in (*pair, child)]
        made = merge(*pair, mona)
        assert golden(child)[6] == pair[0].pk

        done = identity.unmerge(by=rob, merge_id=made.pk, reason=WHY)

        assert [golden(party) for party in (*pair, child)] == before
        assert [party_of(one) for one in ("001", "cus_1")] == list(pair)
        assert (done.merge.undone_by, done.later) == (rob, 0)
        updated = BusinessEvent.objects.filter(contract="customer.updated/1", inbound=None)
        assert {one.subject_id for one in updated} == {f"PTY-{party.pk}" for party in pair}

    def test_restores_a_parent_that_was_absorbed(self, mona: User) -> None:
        top = factories.a_party(name="Top")
        upper = factories.a_party(name="Upper", parent=top)
        lower = factories.a_party(name="Lower", parent=upper)
        made = merge(lower, upper, mona)
        assert golden(lower)[6] == top.pk
        identity.unmerge(by=mona, merge_id=made.pk, reason=WHY)
        assert (golden(lower)[6], golden(upper)[6]) == (upper.pk, top.pk)

    def test_leaves_later_accounts_where_they_were_given(
        self, world: World, pair: tuple[Party, Party], mona: User
    ) -> None:
        made = merge(*pair, mona)
        world.customer(world.crm, "002", other_ids=[{"system": "stripe", "id": "cus_1"}])
        assert party_of("002") == pair[0]
        done = identity.unmerge(by=mona, merge_id=made.pk, reason=WHY)
        assert done.later == 1
        assert party_of("002") == pair[0]
        assert party_of("cus_1") == pair[1]

    def test_happens_once(self, pair: tuple[Party, Party], mona: User, rob: User) -> None:
        made = merge(*pair, mona)
        identity.unmerge(by=mona, merge_id=made.pk, reason=WHY)
        with pytest.raises(CannotDecide, match="Mona Patel has parted them already"):
            identity.unmerge(by=rob, merge_id=made.pk, reason=WHY)

    def test_of_a_chain_goes_from_the_last_merge_back(
        self, world: World, pair: tuple[Party, Party], mona: User
    ) -> None:
        world.customer(world.billing, "cus_3", name="Halden Holding")
        third = party_of("cus_3")
        first = merge(*pair, mona)
        second = merge(third, pair[0], mona)
        with pytest.raises(CannotDecide, match="was itself merged into .* Undo that merge first"):
            identity.unmerge(by=mona, merge_id=first.pk, reason=WHY)

        identity.unmerge(by=mona, merge_id=second.pk, reason=WHY)
        assert {one.source_id for one in pair[0].customers.all()} == {"001", "cus_1"}
        identity.unmerge(by=mona, merge_id=first.pk, reason=WHY)
        assert [party_of(one) for one in ("001", "cus_1", "cus_3")] == [*pair, third]

    def test_of_two_merges_into_one_needs_no_order(
        self, world: World, pair: tuple[Party, Party], mona: User
    ) -> None:
        world.customer(world.billing, "cus_3", name="Halden Holding")
        third = party_of("cus_3")
        first = merge(*pair, mona)
        merge(pair[0], third, mona)
        identity.unmerge(by=mona, merge_id=first.pk, reason=WHY)
        assert party_of("cus_1") == pair[1]
        assert party_of("cus_3") == pair[0]

    def test_leaves_no_word_of_the_other_behind(
        self, world: World, pair: tuple[Party, Party], mona: User
    ) -> None:
        world.customer(world.billing, "cus_3", name="Halden Holding", domain="holding.example")
        before, third = golden(pair[0]), party_of("cus_3")
        first, second = merge(*pair, mona), merge(pair[0], third, mona)
        identity.unmerge(by=mona, merge_id=first.pk, reason=WHY)
        assert golden(pair[0])[1] == "holding.example"
        identity.unmerge(by=mona, merge_id=second.pk, reason=WHY)
        assert golden(pair[0]) == before

    def test_binds_the_line(self, world: World, pair: tuple[Party, Party], mona: User) -> None:
        made = merge(*pair, mona)
        identity.unmerge(by=mona, merge_id=made.pk, reason=WHY)
        world.customer(world.crm, "001", other_ids=[{"system": "stripe", "id": "cus_1"}])
        assert party_of("001") != party_of("cus_1")


class TestBooks:
    def test_and_threads_are_the_same_before_and_after(
        self, world: World, pair: tuple[Party, Party], mona: User
    ) -> None:
        found = []
        for number, account in enumerate(Customer.objects.order_by("pk")):
            invoice = factories.an_invoice(account.connection, customer=account,
                                           number=f"INV-77{number}")  # fmt: skip
            factories.a_reference(invoice, invoice.number)
            entry = factories.a_journal(
                LegalEntity.objects.get(pk=invoice.legal_entity_id), record_kind="invoice",
                record_id=invoice.pk,
            )  # fmt: skip
            found.append((invoice, entry))

        def seen() -> list[object]:
            books = sql.rows(
                "SELECT md5(string_agg(entry::text || line::text, ',' ORDER BY line.id)) AS whole "
                "FROM ledger_journalentry entry JOIN ledger_journalline line "
                "ON line.entry_id = entry.id"
            )
            references = sql.rows("SELECT * FROM canonical_externalreference ORDER BY id")
            invoices = sql.rows("SELECT * FROM canonical_invoice ORDER BY id")
            threads = [thread("invoice", invoice.pk) for invoice, _ in found]
            assert all(threads)
            # What other systems are told of the merge is new; the records of the thread are not.
            hops = [
                [(hop.kind, hop.id) for hop in one.steps if hop.kind != "told"]
                for one in threads
                if one
            ]
            finds = [find(invoice.number) for invoice, _ in found]
            assert all(finds)
            return [books, references, invoices, hops, finds]

        before = seen()
        made = merge(*pair, mona)
        assert seen() == before
        identity.unmerge(by=mona, merge_id=made.pk, reason=WHY)
        assert seen() == before


class TestKeepingApart:
    def test_is_decided_once(self, pair: tuple[Party, Party], mona: User, rob: User) -> None:
        identity.look(everything=True)
        proposal = MergeProposal.objects.get()
        identity.keep_apart(by=mona, proposal_id=proposal.pk, reason=WHY)
        proposal.refresh_from_db()
        assert (proposal.state, proposal.by) == (ProposalState.KEPT_APART, mona)
        assert RecordChange.objects.filter(field="kept_apart", by=mona.name).count() == 2
        with pytest.raises(CannotDecide, match="Mona Patel has kept them apart already"):
            identity.keep_apart(by=rob, proposal_id=proposal.pk, reason=WHY)


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_the_second_learns_who_was_first(self, transactional_db: None) -> None:
        people = [person("mona"), person("rob")]
        parties = [factories.a_party(name="One"), factories.a_party(name="Other")]
        refused: list[str] = []
        start = threading.Barrier(2)

        def decide(by: User, survivor: Party, absorbed: Party) -> None:
            try:
                start.wait(10)
                merge(survivor, absorbed, by)
            except CannotDecide as error:
                refused.append(str(error))
            finally:
                database.close()

        threads = [
            threading.Thread(target=decide, args=(people[0], *parties)),
            threading.Thread(target=decide, args=(people[1], *reversed(parties))),
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join(30)

        made = Merge.objects.get()
        assert made.by is not None
        assert len(refused) == 1
        assert refused[0].startswith(f"{made.by.name} has merged")
