"""What people see of rehearsals, and what they may do with them."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from accounts.models import User
from connectors.models import Connection, Environment
from revops.sandbox import company
from revops.sandbox.rehearsals.models import Rehearsal
from tests.conftest import SignIn
from tests.rehearsals.kit import a_rehearsal, a_report, with_ends


@pytest.fixture(autouse=True)
def demo(db: None, settings: LazySettings) -> None:
    settings.REVOPS_DEMO = True


@pytest.fixture
def seeded(demo: None) -> None:
    company.seed()


class TestPlace:
    def test_is_nowhere_outside_of_a_demo(
        self, sign_in: SignIn, rob: User, settings: LazySettings
    ) -> None:
        made = a_rehearsal(rob, a_report())
        settings.REVOPS_DEMO = False
        page = sign_in(rob)
        assert page.get("/rehearsals/").status_code == 404
        assert page.get(f"/rehearsals/{made}/").status_code == 404
        assert page.post("/rehearsals/start", {"drill": "schema"}).status_code == 404
        assert page.post(f"/rehearsals/{made}/stop/").status_code == 404

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"environment": Environment.PRODUCTION}, "leads to no sandbox"),
            ({"base_url": "https://erp.example.com"}, "leads to another machine"),
            ({"control_url": "http://10.0.0.7:8801"}, "leads to another machine"),
        ],
    )
    def test_is_never_a_system_that_is_no_sandbox_of_this_machine(
        self, seeded: None, sign_in: SignIn, rob: User, change: dict[str, str], why: str
    ) -> None:
        Connection.objects.filter(slug=company.ERP).update(**change)
        page = sign_in(rob)
        assert why in page.get("/rehearsals/").content.decode()
        refused = page.post("/rehearsals/start", {"drill": "maintenance"})
        assert refused.status_code == 422
        assert not Rehearsal.objects.exists()


class TestStart:
    def test_runs_one_at_a_time(self, seeded: None, sign_in: SignIn, rob: User, adam: User) -> None:
        page = sign_in(rob)
        begun = page.post("/rehearsals/start", {"drill": ["schema", "duplicates"]})
        made = Rehearsal.objects.get()
        assert begun["Location"] == f"/rehearsals/{made}/"
        assert list(made.drills.order_by("position").values_list("slug", flat=True)) == [
            "duplicates", "schema",
        ]  # fmt: skip
        again = sign_in(adam).post("/rehearsals/start", {"drill": "schema"})
        assert again.status_code == 422
        assert f"{made} runs already." in again.content.decode()

    def test_wants_a_drill(self, seeded: None, sign_in: SignIn, rob: User) -> None:
        refused = sign_in(rob).post("/rehearsals/start", {"drill": "nothing"})
        assert refused.status_code == 422
        assert "Choose at least one drill." in refused.content.decode()

    def test_is_for_who_looks_after_systems(self, sign_in: SignIn, ana: User) -> None:
        page = sign_in(ana)
        assert 'id="start"' not in page.get("/rehearsals/").content.decode()
        assert page.post("/rehearsals/start", {"drill": "schema"}).status_code == 403


class TestReport:
    def test_names_cases_with_their_next_step(self, sign_in: SignIn, ana: User, rob: User) -> None:
        made = a_rehearsal(rob, with_ends())
        shown = sign_in(ana).get(f"/rehearsals/{made}/").content.decode()
        assert "1 document does not agree" in shown
        assert 'href="/exceptions/causes/abcd/"' in shown
        assert 'href="/playbooks/refused/"' in shown
        assert 'href="/exceptions/EXC-999999/"' in shown

    def test_shows_no_sums_to_whoever_administers(
        self, sign_in: SignIn, adam: User, rob: User
    ) -> None:
        made = a_rehearsal(rob, with_ends())
        shown = sign_in(adam).get(f"/rehearsals/{made}/").content.decode()
        assert "12.00" not in shown
        assert "••••" in shown
        assert "/exceptions/causes/" not in shown

    def test_is_listed_with_what_it_came_to(self, sign_in: SignIn, ana: User, rob: User) -> None:
        a_rehearsal(rob, a_report())
        assert "The books match." in sign_in(ana).get("/rehearsals/").content.decode()
