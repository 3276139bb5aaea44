from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.conftest import SignIn

HTMX = {"HX-Request": "true"}
LIST = {**HTMX, "HX-Target": "list"}


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    return sign_in(ana)


class TestOneAddress:
    def test_gives_the_whole_page_to_a_browser(self, browser: Client) -> None:
        page = browser.get("/causes/")
        assert page.content.count(b'class="rail"') == 1
        assert b'id="list"' in page.content

    def test_gives_only_the_list_to_htmx(self, browser: Client) -> None:
        page = browser.get("/causes/", headers=LIST)
        assert page.content.strip().startswith(b'<form class="list" id="list"')
        assert b"rail" not in page.content

    @pytest.mark.parametrize(
        "more", [{"HX-History-Restore-Request": "true"}, {"HX-Boosted": "true"}]
    )
    def test_gives_the_whole_page_when_it_replaces_one(
        self, browser: Client, more: dict[str, str]
    ) -> None:
        page = browser.get("/causes/", headers={**LIST, **more})
        assert page.content.count(b'class="rail"') == 1

    def test_gives_the_whole_page_for_a_target_that_it_does_not_know(self, browser: Client) -> None:
        page = browser.get("/causes/", headers={**HTMX, "HX-Target": "elsewhere"})
        assert page.content.count(b'class="rail"') == 1
        assert page["HX-Retarget"] == "body"

    @pytest.mark.parametrize("headers", [{}, LIST])
    def test_says_on_what_its_answer_depends(self, browser: Client, headers: Any) -> None:
        vary = browser.get("/causes/", headers=headers)["Vary"]
        for name in ("HX-Request", "HX-History-Restore-Request", "HX-Target"):
            assert name in vary

    def test_leaves_no_copy_behind(self, browser: Client) -> None:
        page = browser.get("/causes/")
        assert page["Cache-Control"] == "no-store"
        assert page["Cross-Origin-Opener-Policy"] == "same-origin"
        assert page["Referrer-Policy"] == "same-origin"
        assert "camera=()" in page["Permissions-Policy"]


class TestAddressBar:
    def ask(self, browser: Client, address: str, stood_on: str) -> Any:
        current = f"http://testserver{stood_on}"
        return browser.get(address, headers={**LIST, "HX-Current-URL": current})

    def test_shows_the_canonical_address_as_a_new_step(self, browser: Client) -> None:
        page = self.ask(browser, "/causes/?status=&q=1&sort=-impact", "/causes/")
        assert page["HX-Push-Url"] == "/causes/?q=1"

    def test_replaces_it_while_a_search_goes_on(self, browser: Client) -> None:
        page = self.ask(browser, "/causes/?q=12", "/causes/?q=1")
        assert page["HX-Replace-Url"] == "/causes/?q=12"
        assert "HX-Push-Url" not in page

    def test_steps_again_when_a_search_is_cleared(self, browser: Client) -> None:
        assert self.ask(browser, "/causes/?q=", "/causes/?q=1")["HX-Push-Url"] == "/causes/"

    def test_is_left_alone_when_it_is_right(self, browser: Client) -> None:
        page = self.ask(browser, "/causes/?q=1", "/causes/?q=1")
        assert "HX-Push-Url" not in page
        assert "HX-Replace-Url" not in page


class TestRefuse:
    def test_is_a_notice_in_place(self, browser: Client) -> None:
        page = browser.post("/refused/", headers=HTMX)
        assert page.status_code == 409
        assert (page["HX-Retarget"], page["HX-Reswap"]) == ("#notice", "innerHTML")
        assert "Mona resolved this at 14:02." in page.content.decode()
        assert b"<html" not in page.content

    def test_is_a_page_with_a_way_back_without_javascript(self, browser: Client) -> None:
        page = browser.post("/refused/", headers={"Referer": "http://testserver/causes/?q=1"})
        assert page.status_code == 409
        assert b'href="http://testserver/causes/?q=1"' in page.content

    def test_offers_no_way_back_to_a_foreign_page(self, browser: Client) -> None:
        page = browser.post("/refused/", headers={"Referer": "https://evil.example/"})
        assert b"evil.example" not in page.content


class TestScreen:
    def test_tells_an_outsider_who_may(self, sign_in: SignIn, otis: User) -> None:
        page = sign_in(otis).get("/causes/")
        assert page.status_code == 403
        assert "It is open to: Finance analyst" in page.content.decode()
        assert b"Cause 01" not in page.content

    def test_tells_an_outsider_in_place_too(self, sign_in: SignIn, otis: User) -> None:
        page = sign_in(otis).get("/causes/", headers=LIST)
        assert (page.status_code, page["HX-Retarget"]) == (403, "#notice")

    def test_sends_a_stranger_to_sign_in(self, client: Client, db: None) -> None:
        page = client.get("/causes/?q=1")
        assert page.status_code == 302
        assert page["Location"] == "/sign-in/?next=/causes/%3Fq%3D1"


class TestEndOfSession:
    def test_asks_to_sign_in_on_the_page_and_leaves_its_form(
        self, client: Client, db: None
    ) -> None:
        page = client.post("/refused/", headers=HTMX)
        assert page.status_code == 401
        assert page["HX-Retarget"] == "#dialogs"
        assert b"data-sign-in" in page.content
        assert b'action="/sign-in/"' in page.content
        assert b"csrfmiddlewaretoken" in page.content
