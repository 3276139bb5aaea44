"""Who is above whom: the owner's hierarchy, or a person where no system decides."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.queries import NotAllowed
from revops.canonical.identity.standing import CannotLink, above
from revops.canonical.models import Party, RecordChange
from revops.pipeline import identity
from tests import factories
from tests.canonical.conftest import World


def party_of(source_id: str) -> Party:
    return Party.objects.get(customers__source_id=source_id)


def put(low: Party, high: Party | None, by: User) -> None:
    identity.set_parent(by=by, party_id=low.pk, parent_id=high.pk if high else None)


class TestParents:
    def test_are_set_and_taken_away_by_a_person(self, world: World, rob: User) -> None:
        world.owns(None, "customer", "parent")
        world.customer(world.crm, "001", name="Halden UK")
        world.customer(world.billing, "cus_1", name="Halden Group")
        low, high = party_of("001"), party_of("cus_1")

        put(low, high, rob)
        assert [one.name for one in above(low.pk)] == ["Halden Group"]
        world.customer(world.crm, "001", name="Halden UK Ltd")
        assert [one.name for one in above(low.pk)] == ["Halden Group"]
        put(low, None, rob)

        assert above(low.pk) == []
        changes = RecordChange.objects.filter(record_kind="party", field="parent").order_by("pk")
        assert [(one.before, one.after, one.by) for one in changes] == [
            (None, high.pk, rob.name), (high.pk, None, rob.name),
        ]  # fmt: skip

    def test_are_the_owners_where_a_system_owns_them(self, world: World, rob: User) -> None:
        world.owns(world.crm, "customer", "parent")
        world.customer(world.crm, "001")
        high = factories.a_party(name="Group")
        with pytest.raises(CannotLink, match="Salesforce decides"):
            put(party_of("001"), high, rob)

    def test_are_a_systems_where_it_alone_has_spoken(self, world: World, rob: User) -> None:
        world.customer(world.crm, "000", name="Halden Group")
        world.customer(world.crm, "001", name="Kestrel", parent_id="000")
        low = party_of("001")
        assert [one.name for one in above(low.pk)] == ["Halden Group"]
        with pytest.raises(CannotLink, match="Salesforce decides"):
            put(low, None, rob)

    def test_are_never_a_circle(self, db: None, rob: User) -> None:
        top = factories.a_party(name="Top")
        middle = factories.a_party(name="Middle")
        low = factories.a_party(name="Low")
        put(middle, top, rob)
        put(low, middle, rob)
        with pytest.raises(CannotLink, match="Top is above Low already"):
            put(top, low, rob)
        with pytest.raises(CannotLink, match="itself"):
            put(top, top, rob)

    def test_need_the_right_and_a_customer(self, db: None, ana: User, rob: User) -> None:
        one, gone = factories.a_party(), factories.a_party()
        Party.objects.filter(pk=gone.pk).update(merged_into=one)
        with pytest.raises(NotAllowed):
            put(one, None, ana)
        with pytest.raises(CannotLink, match="no such customer"):
            put(one, gone, rob)
