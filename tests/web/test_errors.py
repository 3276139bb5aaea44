from __future__ import annotations

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from revops.web import errors
from tests.conftest import SignIn

HTMX = {"HX-Request": "true"}
CORRELATION = re.compile(r"co-[0-9a-f]{20}")


@pytest.fixture
def browser(sign_in: SignIn, ana: User) -> Client:
    client = sign_in(ana)
    client.raise_request_exception = False
    return client


@pytest.mark.filterwarnings("ignore:.*made to break")
class TestServerError:
    def test_is_a_page_in_words_with_an_id_to_report(self, browser: Client) -> None:
        page = browser.get("/broken/")
        text = page.content.decode()
        assert page.status_code == 500
        assert "Something broke on our side" in text
        assert "made to break" not in text
        assert "Traceback" not in text
        found = CORRELATION.search(text)
        assert found is not None
        assert page["X-Correlation-Id"] == found.group()
        assert f'data-copy="{found.group()}"' in text

    def test_offers_to_try_again_only_what_was_read(self, browser: Client) -> None:
        assert b"Try again" in browser.get("/broken/").content
        assert b"Try again" not in browser.post("/broken/").content

    def test_is_a_notice_in_place_and_leaves_the_list_alone(self, browser: Client) -> None:
        page = browser.get("/broken/", headers={**HTMX, "HX-Target": "list"})
        assert page.status_code == 500
        assert (page["HX-Retarget"], page["HX-Reswap"]) == ("#status", "innerHTML")
        assert b"<html" not in page.content

    def test_asks_the_database_for_nothing(self, rf: RequestFactory, db: None) -> None:
        request = rf.get("/broken/")
        request.htmx = HtmxDetails(request)
        with CaptureQueriesContext(connection) as asked:
            assert errors.server_error(request).status_code == 500
        assert len(asked) == 0


class TestNotFound:
    def test_offers_the_find_box(self, browser: Client) -> None:
        page = browser.get("/nowhere/")
        assert page.status_code == 404
        assert b'action="/find"' in page.content

    def test_is_problem_json_at_a_machine_door(self, browser: Client) -> None:
        page = browser.get("/api/v1/nowhere/")
        assert page.status_code == 404
        assert page["Content-Type"] == "application/problem+json"
        assert page.json()["status"] == 404
        assert page.json()["correlation_id"] == page["X-Correlation-Id"]

    def test_is_problem_json_for_whoever_does_not_read_html(self, browser: Client) -> None:
        page = browser.get("/nowhere/", headers={"Accept": "application/json"})
        assert page["Content-Type"] == "application/problem+json"


class TestForbidden:
    def test_says_who_may(self, rf: RequestFactory) -> None:
        page = errors.permission_denied(rf.get("/"), PermissionDenied("Open to: <Auditor>."))
        assert page.status_code == 403
        assert "Open to: &lt;Auditor&gt;." in page.content.decode()

    def test_explains_an_old_form(self, sign_in: SignIn, ana: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(ana)
        page = browser.post("/refused/")
        assert page.status_code == 403
        assert "This form has grown old" in page.content.decode()


class TestCorrelation:
    def test_takes_the_callers_id_when_it_has_the_form(self, browser: Client) -> None:
        page = browser.get("/causes/", headers={"X-Correlation-Id": "caller-id-0001"})
        assert page["X-Correlation-Id"] == "caller-id-0001"

    def test_makes_its_own_for_anything_else(self, browser: Client) -> None:
        page = browser.get("/causes/", headers={"X-Correlation-Id": "<script>"})
        assert CORRELATION.fullmatch(page["X-Correlation-Id"])
