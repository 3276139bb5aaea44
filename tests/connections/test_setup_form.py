"""The form of a connection: addresses and ways to sign in are chosen, not known by heart."""

from __future__ import annotations

from typing import Any, Final

import pytest

from accounts.models import User
from connectors import registry
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.rest import desk
from revops.console.connections.queries import traffic
from revops.console.connections.setup import operations, texts, ways
from revops.console.connections.setup.subject import ConnectionChange
from tests.conftest import SignIn
from tests.connections.kit import text_of
from tests.factories import a_connection

SALES: Final = {"label": "Sales", "zone": "UTC", "place": "1", "p-my_domain": "acme"}

pytestmark = pytest.mark.django_db


def sent(client: Any, connector: str, typed: dict[str, str]) -> Any:
    return client.post(f"/connections/new/{connector}/", typed)


class TestTheAddress:
    def test_is_made_of_the_place_that_is_chosen(self, sign_in: SignIn, adam: User) -> None:
        answer = sent(sign_in(adam), "salesforce", SALES)
        assert answer.status_code == 302, text_of(answer)
        made = Connection.objects.get()
        assert made.base_url == "https://acme.sandbox.my.salesforce.com"
        assert made.environment == "sandbox"
        page = sign_in(adam).get(f"/connections/{made.slug}/settings/").content.decode()
        assert 'value="1" checked' in page

    @pytest.mark.parametrize(
        ("typed", "problem"),
        [
            ({"p-my_domain": "evil.example/"}, "It is part of the address"),
            ({"p-my_domain": "a@evil"}, "It is part of the address"),
            ({"place": "7"}, "Choose one of the addresses."),
            ({"place": "other"}, "Type its address, or choose one."),
            ({"place": "other", "base_url": "https://acme.my.salesforce.com"}, "a sandbox."),
        ],
    )
    def test_is_refused_in_words(
        self, sign_in: SignIn, adam: User, typed: dict[str, str], problem: str
    ) -> None:
        answer = sent(sign_in(adam), "salesforce", SALES | typed)
        assert answer.status_code == 422
        assert problem in text_of(answer)
        assert not Connection.objects.exists()

    def test_of_a_place_for_both_leaves_the_environment_to_people(
        self, sign_in: SignIn, adam: User
    ) -> None:
        typed = {"label": "Books", "zone": "UTC", "environment": "sandbox", "place": "0",
                 "p-account": "1234567-sb1", "p-certificate_id": "c"}  # fmt: skip
        answer = sent(sign_in(adam), "netsuite", typed)
        assert answer.status_code == 302, text_of(answer)
        made = Connection.objects.get()
        assert made.base_url == "https://1234567-sb1.suitetalk.api.netsuite.com"
        assert made.environment == "sandbox"


class TestTheWayToSignIn:
    def test_asks_for_what_it_alone_needs(self, sign_in: SignIn, adam: User) -> None:
        answer = sent(sign_in(adam), "salesforce", SALES | {"p-sign_in": "jwt", "p-audience": "a"})
        assert answer.status_code == 422
        assert "It is needed for this: OAuth 2.0 JWT bearer." in text_of(answer)
        assert sent(sign_in(adam), "salesforce", SALES).status_code == 302

    def test_decides_which_credentials_are_asked_for_and_missed(
        self, sign_in: SignIn, adam: User
    ) -> None:
        typed = SALES | {"p-sign_in": "jwt", "p-audience": "a", "p-username": "u"}
        sent(sign_in(adam), "salesforce", typed)
        made = Connection.objects.get()
        assert operations.missing(made) == ["Consumer key", "Private key", "Organization ID"]
        for name in ("client_id", "organization_id"):
            set_secret(made, name, "a value of it")
        assert operations.missing(made) == ["Private key"]
        page = text_of(sign_in(adam).get(f"/connections/{made.slug}/credentials/"))
        assert "Private key (needed)" in page
        assert "Consumer secret" not in page
        shown = traffic.credentials(made, registry.manifest("salesforce"))
        assert "Consumer secret" not in {one.label for one in shown}

    def test_of_every_connector_can_be_had_by_the_form(self) -> None:
        """Each way's secrets are asked for when it is chosen."""
        for manifest in registry.all_manifests().values():
            for way in manifest.auth:
                asked = {one.name for one, _ in ways.secrets_of(manifest, way.chosen_by)}
                assert set(way.secrets) <= asked, (manifest.slug, way.slug)


class TestALongText:
    REST: Final = {
        "label": "Help desk", "zone": "UTC", "environment": "sandbox",
        "base_url": "https://93.184.215.14", "p-sign_in": "bearer", "p-client_as": "body",
        "p-token_url": "/oauth/token", "p-first_days": "7", "p-proof": "none",
    }  # fmt: skip

    def test_is_typed_in_lines_and_kept_as_it_was_typed(self, sign_in: SignIn, adam: User) -> None:
        mapping = desk.example("desk.mapping")
        typed = self.REST | {"p-mapping": mapping.replace("\n", "\r\n")}
        answer = sent(sign_in(adam), "rest", typed)
        assert answer.status_code == 302, text_of(answer)
        made = Connection.objects.get()
        assert made.parameters["mapping"] == mapping
        page = sign_in(adam).get(f"/connections/{made.slug}/settings/").content.decode()
        assert '<textarea name="p-mapping"' in page
        assert "support_case.opened/1" in page

    def test_is_read_by_who_agrees_as_the_places_that_change(self) -> None:
        was = desk.example("desk.mapping")
        to = was.replace('"p1": "urgent"', '"p1": "critical"').replace(
            '"late.promise"', '"promise"'
        )
        place = "kinds[1].events[0].fields.severity.map.p1"
        assert texts.changes(was, was.replace("\n", " ")) == []
        assert texts.changes(was, to)[0] == (place, "urgent", "critical")
        assert len(texts.changes(was, to)) == 3
        assert texts.changes("", '{"a": [1, {}]}') == [("a[0]", "", "1"), ("a[1]", "", "{}")]
        assert texts.changes("{", "[") == [("text", "{", "[")]
        assert len(texts.changes("", was)) == 41

    def test_is_a_row_for_each_place_in_a_request(self) -> None:
        made = a_connection("desk", "rest", parameters=desk.parameters("desk"))
        was = operations.content_of(made)
        mapping = was["parameters"]["mapping"].replace('"p1": "urgent"', '"p1": "critical"')
        to = {**was, "parameters": {**was["parameters"], "mapping": mapping}}
        content = {"act": "change", "slug": made.slug, "was": was, "to": to}
        _, row = ConnectionChange().describe(content)
        assert row.label == "What is read: kinds[1].events[0].fields.severity.map.p1"
        assert (row.value, row.sub) == ("critical", "was urgent")
        rows = ConnectionChange().describe({"act": "use", "slug": made.slug, "to": to})
        assert "95 lines" in str({one.label: one.value for one in rows}["What is read"])

    def test_that_cannot_be_used_is_refused_with_its_place(
        self, sign_in: SignIn, adam: User
    ) -> None:
        mapping = desk.example("desk.mapping").replace('"number"', '"num..ber"')
        answer = sent(sign_in(adam), "rest", self.REST | {"p-mapping": mapping})
        assert answer.status_code == 422
        assert "kinds[1].events[0].fields.case_id.path: “num..ber” is no path" in text_of(answer)
        assert not Connection.objects.exists()

    def test_of_a_token_that_comes_from_elsewhere_ends_the_credentials(
        self, sign_in: SignIn, adam: User
    ) -> None:
        typed = self.REST | {
            "p-mapping": desk.example("desk.mapping"), "p-sign_in": "oauth2_client",
            "p-client_id": "console",
        }  # fmt: skip
        assert sent(sign_in(adam), "rest", typed).status_code == 302
        made = Connection.objects.get()
        set_secret(made, "client_secret", "a value of it")
        settings = f"/connections/{made.slug}/settings/"
        sign_in(adam).post(settings, typed | {"p-scope": "read"})
        assert operations.missing(made) == []
        refused = sign_in(adam).post(settings, typed | {"p-token_url": "ftp://auth.example/t"})
        assert refused.status_code == 422
        sign_in(adam).post(settings, typed | {"p-token_url": "https://93.184.215.15/token"})
        assert operations.missing(made) == ["Client secret"]
