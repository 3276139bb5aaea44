"""Adding a connection, its credentials, its use and its end: two administrators, nothing leaked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from django.test import Client

from accounts.authority import NotAllowed
from accounts.models import Assignment, User
from accounts.roles import Role
from approvals.models import ApprovalRequest
from approvals.operations import ApprovalRefused, NotYours, decide
from approvals.proof import Proof
from connectors.models import Connection, Secret
from connectors.operations import set_secret
from connectors.queries import settings_of, valid_secrets
from revops.console.connections.operations import ActRefused
from revops.console.connections.setup import operations
from revops.delivery import gates
from revops.delivery.models import Gate
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.mappings.models import EntityMap
from revops.pipeline import receive, sources
from tests.cast import PASSWORD
from tests.conftest import SignIn
from tests.connections.kit import text_of
from tests.factories import a_legal_entity

KEY: Final = "sk_live_a_canary_that_nobody_may_read"
TRYTON: Final = {
    "label": "Our ledger", "environment": "production", "base_url": "https://erp.example.com/",
    "zone": "Europe/Berlin", "p-database": "books",
}  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def eve(db: None) -> User:
    """A second administrator."""
    made = User.objects.create_user("eve@example.com", "Eve Ito", PASSWORD)
    Assignment.objects.create(user=made, role=Role.ADMIN.value)
    return made


def proved(client: Client) -> Client:
    client.post("/me/confirm/", {"given": PASSWORD})
    return client


def added(client: Client, connector: str = "tryton", **typed: Any) -> Connection:
    answer = client.post(f"/connections/new/{connector}/", TRYTON | typed)
    assert answer.status_code == 302, text_of(answer)
    return Connection.objects.latest("pk")


def asked(client: Client, slug: str, what: str, **typed: Any) -> ApprovalRequest:
    answer = client.post(f"/connections/{slug}/{what}/", typed)
    assert answer.status_code == 302, text_of(answer)
    return ApprovalRequest.objects.latest("pk")


def agree(request: ApprovalRequest, by: User) -> ApprovalRequest:
    decide(
        request_id=request.pk, verdict="approve", by=by, seen=request.sha256,
        proof=Proof(by.pk, clock.now()),
    )  # fmt: skip
    request.refresh_from_db()
    return request


def ready(client: Client, connector: str = "tryton", **typed: Any) -> Connection:
    """A draft whose required credentials are there."""
    made = added(client, connector, **typed)
    set_secret(made, "api_key", KEY)
    return made


class TestAdding:
    def test_offers_every_system_that_is_installed(self, sign_in: SignIn, adam: User) -> None:
        words = text_of(sign_in(adam).get("/connections/new/"))
        assert all(name in words for name in ("Tryton", "Stripe", "Salesforce", "Zendesk"))

    def test_makes_a_draft_that_nothing_is_sent_to(self, sign_in: SignIn, adam: User) -> None:
        made = added(sign_in(adam))
        assert (made.slug, made.state, made.agreed_url) == ("our-ledger", "draft", "")
        assert made.base_url == "https://erp.example.com"
        assert made.parameters["database"] == "books"
        assert gates.allow(made.pk, most=1).count == 0
        page = text_of(sign_in(adam).get("/connections/our-ledger/"))
        assert "missing: API key" in page

    def test_a_source_that_is_not_in_use_is_neither_polled_nor_listened_to(
        self, sign_in: SignIn, adam: User
    ) -> None:
        entity = a_legal_entity()
        made = added(
            sign_in(adam), "stripe", label="More billing", base_url="https://api.stripe.com",
            entity=entity.code,
        )  # fmt: skip
        sources.forget()
        assert not SourceCursor.objects.filter(connection=made).exists()
        with pytest.raises(receive.HookUnknown):
            receive.receive(public_id=made.public_id, body=b"{}", headers={}, correlation_id="c")
        assert EntityMap.objects.get(connection=made, hint="").legal_entity == entity

    @pytest.mark.parametrize(
        ("connector", "typed", "problem"),
        [
            (
                "stripe",
                {"base_url": "https://evil.example"},
                "not one that this connector may call",
            ),
            ("tryton", {"base_url": "http://erp.example.com"}, "must use https"),
            ("tryton", {"base_url": "https://2130706433/"}, "neither a host name nor"),
            ("tryton", {"zone": "Mars/Olympus"}, "is no time zone"),
            ("tryton", {"p-database": ""}, "required"),
            ("tryton", {"label": "New"}, "not “new”"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, sign_in: SignIn, adam: User, connector: str, typed: dict[str, str], problem: str,
        settings: Any,
    ) -> None:  # fmt: skip
        settings.REVOPS_ALLOW_LOOPBACK = False
        answer = sign_in(adam).post(f"/connections/new/{connector}/", TRYTON | typed)
        assert answer.status_code == 422
        assert problem in text_of(answer)
        assert typed.get("zone", "Europe/Berlin") in answer.content.decode()
        assert not Connection.objects.exists()

    def test_two_of_one_name_are_not_made(self, sign_in: SignIn, adam: User) -> None:
        client = sign_in(adam)
        added(client)
        answer = client.post("/connections/new/tryton/", TRYTON | {"label": "our LEDGER"})
        assert "called our LEDGER already" in text_of(answer)
        assert Connection.objects.count() == 1

    def test_is_for_administrators(self, rob: User, ana: User) -> None:
        setup = operations.Setup("Mine", "sandbox", "https://erp.example.com", "UTC")
        for person in (rob, ana):
            with pytest.raises(NotAllowed):
                operations.add(connector="tryton", setup=setup, by=person)


class TestCredentials:
    def test_are_asked_for_by_somebody_who_has_just_proved_who_they_are(
        self, sign_in: SignIn, adam: User
    ) -> None:
        client = sign_in(adam)
        made = added(client)
        answer = client.post("/connections/our-ledger/credentials/", {"s-api_key": KEY})
        assert "/me/confirm/" in answer["Location"]
        assert not Secret.objects.exists()
        proved(client).post("/connections/our-ledger/credentials/", {"s-api_key": KEY})
        assert settings_of(made).secrets == {"api_key": KEY}

    def test_are_on_no_page_afterwards(self, sign_in: SignIn, adam: User) -> None:
        client = proved(sign_in(adam))
        added(client)
        answer = client.post(
            "/connections/our-ledger/credentials/", {"s-api_key": KEY}, follow=True
        )
        for page in (answer, client.get("/connections/our-ledger/credentials/")):
            assert KEY not in page.content.decode()
        refused = client.post(
            "/connections/our-ledger/credentials/", {"s-api_key": KEY, "ends-api_key": "soon"}
        )
        assert refused.status_code == 422
        assert KEY not in refused.content.decode()

    def test_work_beside_the_old_ones_for_as_long_as_is_chosen(
        self, sign_in: SignIn, adam: User
    ) -> None:
        client = proved(sign_in(adam))
        made = added(client)
        set_secret(made, "api_key", "the_old_key_of_ours")
        client.post(
            "/connections/our-ledger/credentials/", {"s-api_key": KEY, "overlap": "24"}
        )  # fmt: skip
        assert valid_secrets(made, "api_key") == [KEY, "the_old_key_of_ours"]

    def test_that_end_soon_are_told_of(self, sign_in: SignIn, adam: User) -> None:
        client = proved(sign_in(adam))
        made = added(client)
        day = clock.now().date() + timedelta(days=9)
        client.post(
            "/connections/our-ledger/credentials/",
            {"s-api_key": KEY, "ends-api_key": day.isoformat()},
        )
        assert Secret.objects.get(connection=made).ends_on == day
        assert f"API key ends on {day.day} {day:%b %Y}" in text_of(
            client.get("/connections/our-ledger/")
        )


class TestUse:
    def test_takes_two_administrators(self, sign_in: SignIn, adam: User, eve: User) -> None:
        client = sign_in(adam)
        made = ready(client)
        request = asked(client, "our-ledger", "use")
        with pytest.raises(NotYours, match="you are asking"):
            agree(request, adam)
        assert agree(request, eve).state == "approved"
        made.refresh_from_db()
        assert (made.state, made.agreed_url) == ("live", "https://erp.example.com")
        assert gates.allow(made.pk, most=1).count == 1

    def test_begins_the_polls_of_a_source(self, sign_in: SignIn, adam: User, eve: User) -> None:
        client = sign_in(adam)
        made = added(client, "stripe", label="More", base_url="https://api.stripe.com")
        set_secret(made, "api_key", KEY)
        set_secret(made, "webhook_secret", KEY)
        agree(asked(client, "more", "use"), eve)
        assert SourceCursor.objects.get(connection=made).next_at <= clock.now()

    def test_needs_every_required_credential(self, sign_in: SignIn, adam: User) -> None:
        client = sign_in(adam)
        added(client)
        answer = client.post("/connections/our-ledger/use/")
        assert answer.status_code == 409
        assert "Credentials are missing: API key." in text_of(answer)

    def test_is_of_what_was_asked_for(self, sign_in: SignIn, adam: User, eve: User) -> None:
        """An address that is changed after the asking never rides on an earlier yes."""
        client = sign_in(adam)
        made = ready(client)
        request = asked(client, "our-ledger", "use")
        client.post(
            "/connections/our-ledger/settings/", TRYTON | {"base_url": "https://evil.example.com"}
        )
        assert Secret.objects.get(connection=made).valid_to is not None
        with pytest.raises(ApprovalRefused, match="changed since"):
            agree(request, eve)
        made.refresh_from_db()
        assert made.state == "draft"


class TestChanges:
    MOVED: Final = TRYTON | {"base_url": "https://new.example.com"}

    @pytest.fixture
    def client(self, sign_in: SignIn, adam: User) -> Client:
        return sign_in(adam)

    @pytest.fixture
    def live(self, client: Client, eve: User) -> Connection:
        made = ready(client)
        agree(asked(client, made.slug, "use"), eve)
        made.refresh_from_db()
        return made

    @pytest.fixture
    def moved(self, client: Client, live: Connection, eve: User) -> Connection:
        """It was in use, and two agreed to another address."""
        agree(asked(client, live.slug, "settings", **self.MOVED), eve)
        live.refresh_from_db()
        return live

    def test_of_what_is_in_use_wait_for_another_administrator(
        self, client: Client, live: Connection, eve: User
    ) -> None:
        request = asked(client, live.slug, "settings", **TRYTON | {"p-database": "other"})
        live.refresh_from_db()
        assert live.parameters["database"] == "books"
        agree(request, eve)
        live.refresh_from_db()
        assert (live.parameters["database"], live.state) == ("other", "live")

    def test_of_the_address_end_its_credentials(self, client: Client, moved: Connection) -> None:
        assert (moved.base_url, moved.state) == ("https://new.example.com", "draft")
        assert settings_of(moved).secrets == {}
        assert gates.allow(moved.pk, most=1).count == 0
        # That address has two names under it already: with new credentials one person goes on.
        set_secret(moved, "api_key", KEY)
        assert client.post(f"/connections/{moved.slug}/use/").status_code == 302
        moved.refresh_from_db()
        assert moved.state == "live"

    def test_of_a_draft_whose_address_was_agreed_to_are_agreed_to_as_well(
        self, client: Client, moved: Connection, eve: User
    ) -> None:
        """Two agreed to an address and its books: nobody alone turns it to other books there."""
        set_secret(moved, "api_key", KEY)
        client.post(f"/connections/{moved.slug}/settings/", self.MOVED | {"p-database": "other"})
        request = asked(client, moved.slug, "use")
        moved.refresh_from_db()
        assert (moved.parameters["database"], moved.state) == ("other", "draft")
        agree(request, eve)
        moved.refresh_from_db()
        assert moved.state == "live"

    def test_that_change_nothing_are_told_so(self, client: Client) -> None:
        made = added(client)
        held = operations.content_of(made)["parameters"]
        typed = TRYTON | {f"p-{name}": value for name, value in held.items()}
        answer = client.post("/connections/our-ledger/settings/", typed)
        assert answer.status_code == 422
        assert "Nothing was changed." in text_of(answer)


class TestEnd:
    def test_stops_everything_and_keeps_what_it_told(
        self, sign_in: SignIn, adam: User, eve: User
    ) -> None:
        client = sign_in(adam)
        made = ready(client)
        agree(asked(client, made.slug, "retire", reason="We left it"), eve)
        made.refresh_from_db()
        assert made.state == "retired"
        assert Gate.objects.get(connection=made).paused_at is not None
        assert settings_of(made).secrets == {}
        page = text_of(client.get(f"/connections/{made.slug}/"))
        assert "Out of use" in page
        with pytest.raises(ActRefused, match="taken out of use"):
            operations.retire(slug=made.slug, by=adam, reason="Again")

    def test_wants_a_reason(self, sign_in: SignIn, adam: User) -> None:
        client = sign_in(adam)
        added(client)
        assert client.post("/connections/our-ledger/retire/", {}).status_code == 409
