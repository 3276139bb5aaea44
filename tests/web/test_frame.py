from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from revops.web import nav
from tests.conftest import SignIn


class Outline(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attrs
            for name, attrs in self.tags
            if name == tag and all(attrs.get(key.rstrip("_")) == val for key, val in wanted.items())
        ]


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


def outline(browser: Client, address: str) -> Outline:
    page = browser.get(address)
    assert page.status_code == 200
    return Outline(page.content)


class TestFrame:
    def test_has_one_heading_a_skip_link_first_and_a_language(self, browser: Client) -> None:
        page = outline(browser, "/causes/")
        assert page.all("html")[0]["lang"] == "en"
        assert len(page.all("h1")) == 1
        assert page.all("a")[0] == {"class": "skip", "href": "#main"}
        assert len(page.all("main")) == 1

    def test_gives_every_element_its_own_id(self, browser: Client) -> None:
        page = outline(browser, "/causes/?q=1&status=open")
        ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
        assert len(ids) == len(set(ids))

    def test_asks_for_no_more_than_seven_files_of_ours(self, browser: Client) -> None:
        page = outline(browser, "/causes/")
        files = [attrs["href"] for attrs in page.all("link", rel="stylesheet")]
        files += [attrs["src"] for attrs in page.all("script")]
        assert len(files) <= 6
        assert all(str(name).startswith("/static/") for name in files)

    def test_names_the_page_in_the_title(self, browser: Client) -> None:
        title = browser.get("/causes/?page=2").content.decode()
        assert "<title>Causes (page 2 of 3) – RevOps Console</title>" in title

    def test_shows_the_environment_except_in_production(
        self, browser: Client, settings: Any
    ) -> None:
        assert b'class="environment">Sandbox<' in browser.get("/causes/").content
        settings.REVOPS_ENVIRONMENT = "Production"
        assert b'class="environment"' not in browser.get("/causes/").content

    def test_keeps_the_address_when_the_entity_changes(self, browser: Client) -> None:
        page = outline(browser, "/causes/?q=tax&page=2&entity=us-inc")
        [form] = page.all("form", class_="scope")
        assert form["action"] == "/causes/"
        assert page.all("input", type="hidden", name="q")[0]["value"] == "tax"
        assert page.all("option", value="us-inc")[0].get("selected", "no") is None

    def test_carries_the_scope_in_the_rail(self, browser: Client) -> None:
        page = outline(browser, "/causes/?entity=us-inc")
        [item] = [attrs for _, attrs in page.tags if attrs.get("data-key") == "g e"]
        assert item["href"] == "/causes/?entity=us-inc"

    def test_shows_instants_in_the_persons_zone(self, sign_in: SignIn, ana: User) -> None:
        seen: list[str] = []

        def note(request: HttpRequest) -> tuple[int, str]:
            seen.append(timezone.get_current_timezone_name())
            return 0, ""

        nav.declare(nav.Item("Home", "home", "home.view", group=nav.WORK, order=10, count=note))
        for zone in ("Asia/Tokyo", "Mars/Olympus", "../etc"):
            User.objects.update(zone=zone)
            sign_in(ana).get("/causes/")
        assert seen == ["Asia/Tokyo", "UTC", "UTC"]


class TestAppearance:
    def test_is_kept_and_leads_back(self, browser: Client, ana: User) -> None:
        page = browser.post(
            "/me/appearance",
            {"theme": "dark", "density": "comfortable", "next": "/causes/?q=1"},
        )
        assert page["Location"] == "/causes/?q=1"
        ana.refresh_from_db()
        assert (ana.theme, ana.density, ana.shortcuts) == ("dark", "comfortable", False)
        shown = browser.get("/causes/").content
        assert b'data-theme="dark" data-density="comfortable"' in shown
        assert b'data-shortcuts="off"' in shown
        assert b"Saved: your theme, rows and keys." in shown

    def test_ignores_what_it_does_not_know(self, browser: Client, ana: User) -> None:
        browser.post("/me/appearance", {"theme": "pink", "density": "", "shortcuts": "on"})
        ana.refresh_from_db()
        assert (ana.theme, ana.density, ana.shortcuts) == ("auto", "compact", True)

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
    def test_leads_to_no_foreign_place(self, browser: Client, target: str) -> None:
        page = browser.post("/me/appearance", {"theme": "dark", "next": target})
        assert page["Location"] == "/"

    def test_is_nothing_for_a_stranger_or_a_link(self, client: Client, browser: Client) -> None:
        assert client.post("/me/appearance").status_code == 302
        assert browser.get("/me/appearance").status_code == 405


class TestSignInPage:
    def test_lists_the_people_of_the_demo_as_buttons(self, client: Client, db: None) -> None:
        page = outline(client, "/sign-in/?demo=1")
        assert page.all("input", type="hidden", name="username")[0]["value"] == "ana@x.test"
        assert page.all("button", id="demo-1")

    def test_lists_nobody_otherwise(self, client: Client, db: None) -> None:
        page = outline(client, "/sign-in/")
        assert not page.all("button", id="demo-1")
        assert page.all("input", name="password")[0]["autocomplete"] == "current-password"
