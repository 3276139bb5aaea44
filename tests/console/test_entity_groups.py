"""Groups of legal entities: made at once, changed by two where somebody's role depends on them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.authority import NotAllowed, scope_of
from accounts.models import Assignment, EntityGroup, User
from accounts.operations import PeopleRefused
from accounts.operations.groups import change_group
from approvals.models import ApprovalRequest
from approvals.operations import decide
from approvals.proof import Proof
from revops.audit.models import Event
from revops.kernel import clock
from tests import factories as make

pytestmark = pytest.mark.django_db
WHERE = "/users/groups/change"


@pytest.fixture
def bea(db: None) -> User:
    made = User.objects.create_user("bea@example.com", "Bea Ostrom")
    Assignment.objects.create(user=made, role="admin")
    return made


@pytest.fixture
def emea(otis: User) -> EntityGroup:
    """A group of one entity, for which Otis is a finance analyst."""
    for code in ("DE-GMBH", "US-INC"):
        make.a_legal_entity(code)
    made = EntityGroup.objects.create(code="EMEA", name="EMEA", entities=["DE-GMBH"])
    Assignment.objects.create(user=otis, role="finance", group=made)
    return made


def reach(user: User) -> Any:
    return scope_of(User.objects.get(pk=user.pk), "books.view")


class TestMaking:
    def test_takes_one_administrator_as_nobody_gains_by_it(
        self, adam: User, emea: EntityGroup, sign_in: Any
    ) -> None:
        wanted = {"name": "Americas", "entities": ["US-INC"], "reason": "A region"}
        assert sign_in(adam).post(WHERE, wanted).status_code == 302
        assert EntityGroup.objects.get(code="AMERICAS").entities == ["US-INC"]
        assert Event.objects.latest("seq").action == "entity_group.made"
        answer = sign_in(adam).post(WHERE, wanted)
        assert (answer.status_code, EntityGroup.objects.count()) == (422, 2)


class TestChanging:
    def test_shows_who_gains_then_asks_and_counts_when_another_agrees(
        self, adam: User, bea: User, otis: User, emea: EntityGroup, sign_in: Any
    ) -> None:
        wanted = {"group": emea.pk, "name": "EMEA", "entities": ["US-INC"], "reason": "Moved"}
        page = sign_in(adam).post(WHERE, wanted).content.decode()
        assert "Otis Outsider, Finance analyst: gains US-INC, loses DE-GMBH." in page
        assert not ApprovalRequest.objects.exists()
        assert sign_in(adam).post(WHERE, wanted | {"sure": "1"}).status_code == 302
        request = ApprovalRequest.objects.get(subject="entity_group")
        assert reach(otis) == {"DE-GMBH"}
        for nobody in (adam, otis):
            with pytest.raises(NotAllowed):
                decide(request_id=request.pk, verdict="approve", by=nobody, seen=request.sha256,
                       proof=Proof(nobody.pk, clock.now()))  # fmt: skip
        decide(request_id=request.pk, verdict="approve", by=bea, seen=request.sha256,
               proof=Proof(bea.pk, clock.now()))  # fmt: skip
        assert reach(otis) == {"US-INC"}
        assert Event.objects.filter(action="entity_group.changed").exists()

    def test_is_refused_to_one_alone_while_roles_depend_on_it(
        self, adam: User, emea: EntityGroup
    ) -> None:
        with pytest.raises(PeopleRefused, match="Another administrator"):
            change_group(
                group_id=emea.pk, name="EMEA", entities=["US-INC"], by=adam, reason="Alone"
            )
