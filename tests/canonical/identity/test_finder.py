"""What is proposed, once, and again only for a new reason."""

from __future__ import annotations

from django.core.management import call_command

from accounts.models import User
from revops.canonical.models import Customer, Merge, MergeProposal, Party, ProposalState
from revops.kernel import clock
from revops.pipeline import identity
from tests import factories
from tests.canonical.conftest import World

WHY = "They are two; sales has confirmed it."


def party_of(source_id: str) -> Party:
    return Party.objects.get(customers__source_id=source_id)


def proposed() -> set[frozenset[int]]:
    return {
        frozenset((one.left_id, one.right_id))
        for one in MergeProposal.objects.filter(state=ProposalState.OPEN)
    }


def kinds(proposal: MergeProposal) -> list[str]:
    return [one["kind"] for one in proposal.evidence]


class TestProposals:
    def test_come_from_names_domains_and_both(self, world: World) -> None:
        world.customer(world.crm, "001", name="Halden Media GmbH", domain="halden.example")
        world.customer(world.billing, "cus_1", name="HALDEN Media, Inc.")
        world.customer(world.billing, "cus_2", name="Something else", domain="halden.example")
        world.customer(world.billing, "cus_3", name="Nobody like it", domain="other.example")

        found = identity.look()

        one = party_of("001").pk
        assert proposed() == {
            frozenset((one, party_of("cus_1").pk)),
            frozenset((one, party_of("cus_2").pk)),
        }
        assert found.proposed == 2
        by_name = MergeProposal.objects.get(right=party_of("cus_1"))
        assert kinds(by_name) == ["name"]
        assert by_name.evidence[0]["sentence"].startswith("The names are the same")

    def test_are_not_made_of_free_mail(self, world: World) -> None:
        for number, name in enumerate(("Alder", "Kestrel")):
            world.customer(world.crm, f"00{number}", name=name, domain="gmail.com",
                           email=f"{number}@gmail.com")  # fmt: skip
        assert identity.look().proposed == 0

    def test_come_from_names_spelled_otherwise_in_one_place(self, world: World) -> None:
        world.customer(world.billing, "1", name="Kestrel Robotics Automation")
        world.customer(world.billing, "2", name="Kestral Robotics Automation")
        world.customer(world.billing, "3", name="Alder Analytics")
        identity.look()
        assert proposed() == set()
        Customer.objects.update(
            address={"country": "DE", "postal_code": "10115", "city": "Berlin"},
            updated_at=clock.now(),
        )
        identity.look()
        assert proposed() == {frozenset((party_of("1").pk, party_of("2").pk))}
        assert kinds(MergeProposal.objects.get()) == ["name", "address"]

    def test_forget_what_a_customer_was_called(self, world: World) -> None:
        world.customer(world.billing, "1", name="Kestrel Robotics")
        identity.look()
        world.customer(world.billing, "1", name="Alder Analytics")
        identity.look()
        world.customer(world.crm, "2", name="Kestrel Robotics")
        assert identity.look().compared == 0

    def test_are_made_once_whoever_looks(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        assert identity.look().proposed == 1
        assert identity.look(everything=True).proposed == 0
        assert MergeProposal.objects.count() == 1

    def test_look_only_at_what_is_new_since(self, world: World) -> None:
        world.customer(world.crm, "001", name="Alder")
        assert identity.look().looked_at == 1
        Party.objects.update(updated_at="2020-01-01T00:00:00Z")
        Party.objects.get().customers.update(updated_at="2020-01-01T00:00:00Z")
        world.customer(world.billing, "cus_1", name="Alder Inc")
        found = identity.look()
        assert (found.looked_at, found.proposed) == (1, 1)

    def test_are_withdrawn_when_nothing_is_alike_any_more(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        identity.look()
        world.customer(world.billing, "cus_1", name="Kestrel Logistics")
        assert identity.look(everything=True).withdrawn == 1
        assert not MergeProposal.objects.exists()

    def test_stay_away_once_kept_apart_until_something_new_agrees(
        self, world: World, mona: User
    ) -> None:
        world.customer(world.crm, "001", domain="halden.example")
        world.customer(world.billing, "cus_1")
        identity.look()
        proposal = MergeProposal.objects.get()
        identity.keep_apart(by=mona, proposal_id=proposal.pk, reason=WHY)
        assert identity.look(everything=True).proposed == 0

        world.customer(world.billing, "cus_1", domain="halden.example")
        assert identity.look(everything=True).proposed == 1
        proposal.refresh_from_db()
        assert proposal.state == ProposalState.OPEN
        assert kinds(proposal) == ["domain", "name"]

        # Proposed again, but the line is still bound by what a person decided.
        world.customer(world.crm, "001", domain="halden.example",
                       other_ids=[{"system": "stripe", "id": "cus_1"}])  # fmt: skip
        assert party_of("001") != party_of("cus_1")

        world.customer(world.billing, "cus_1", name="Kestrel", domain="")
        identity.look(everything=True)
        proposal.refresh_from_db()
        assert proposal.state == ProposalState.KEPT_APART

    def test_stay_away_after_parting(self, world: World, mona: User) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        made = identity.merge(
            by=mona, survivor_id=party_of("001").pk, absorbed_id=party_of("cus_1").pk, reason=WHY
        )
        identity.unmerge(by=mona, merge_id=made.pk, reason=WHY)
        assert identity.look(everything=True).proposed == 0

    def test_follow_a_customer_that_has_absorbed_one(self, world: World, mona: User) -> None:
        for source in ("cus_1", "cus_2", "cus_3"):
            world.customer(world.billing, source)
        one, two, three = (party_of(source) for source in ("cus_1", "cus_2", "cus_3"))
        identity.look()
        assert len(proposed()) == 3
        apart = MergeProposal.objects.get(left=one, right=three)
        identity.keep_apart(by=mona, proposal_id=apart.pk, reason=WHY)
        identity.merge(by=mona, survivor_id=two.pk, absorbed_id=one.pk, reason=WHY)
        MergeProposal.objects.filter(left=two, right=three).delete()

        identity.look(everything=True)

        assert proposed() == set()

    def test_of_customers_that_the_line_made_one_are_settled(self, world: World) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        identity.look()
        world.customer(world.crm, "001", other_ids=[{"system": "stripe", "id": "cus_1"}])
        assert Merge.objects.count() == 1
        identity.look()
        assert MergeProposal.objects.get().state == ProposalState.MERGED

    def test_stay_few_where_many_have_one_name(self, db: None) -> None:
        for _ in range(30):
            factories.a_customer(name="Main Street Bakery")
        found = identity.look()
        assert found.proposed == found.compared <= 30 * 10

    def test_are_looked_for_by_command(self, world: World, capsys: object) -> None:
        world.customer(world.crm, "001")
        world.customer(world.billing, "cus_1")
        call_command("identity", "--all")
        assert len(proposed()) == 1
