"""What a request can carry besides what we asked for: addresses, hosts, names, broken sessions."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from revops.settings.logs import logging_config
from tests.accounts.test_sign_in import try_to_sign_in
from tests.architecture import house
from tests.architecture.addresses import every
from tests.cast import PASSWORD, person

pytestmark = pytest.mark.django_db

ELSEWHERE = (
    "https://evil.example/", "//evil.example", "///evil.example", r"/\evil.example",
    r"\\evil.example", "http:evil.example", "https:///evil.example", "javascript:alert(1)",
    "data:text/html,x",
    "http://testserver@evil.example/", "//testserver.evil.example", "\thttps://evil.example",
    "/\t/evil.example", "https://evil.example\\@testserver/", "ftp://testserver/x",
)  # fmt: skip


class TestI5:
    """A session that ended is said in place; what was typed stays."""

    def test_i5_a_fragment_gets_a_dialog_and_no_page_in_a_table(
        self, ana: User, sign_in: Any
    ) -> None:
        client = sign_in(ana)
        Session.objects.all().delete()
        answer = client.get("/exceptions/", headers={"HX-Request": "true", "HX-Target": "list"})
        assert answer.status_code == 401
        assert answer["HX-Retarget"] == "#dialogs"
        assert b"<html" not in answer.content
        assert b"data-sign-in" in answer.content

    def test_i5_a_page_leads_to_the_sign_in_page_and_back(self, ana: User, sign_in: Any) -> None:
        client = sign_in(ana)
        Session.objects.all().delete()
        answer = client.get("/exceptions/?q=x")
        assert answer["Location"] == "/sign-in/?next=/exceptions/%3Fq%3Dx"


class TestI9:
    """Nothing of ours leads to somebody else's address."""

    @pytest.mark.parametrize("target", ELSEWHERE)
    def test_i9_signing_in_stays_here(self, ana: User, target: str) -> None:
        answer = Client().post(
            "/sign-in/", {"username": ana.email, "password": PASSWORD, "next": target}
        )
        assert answer["Location"] == "/"

    @pytest.mark.parametrize("target", ELSEWHERE)
    @pytest.mark.parametrize("address", ["/me/appearance", "/me/confirm/"])
    def test_i9_every_way_back_stays_here(
        self, ana: User, sign_in: Any, address: str, target: str
    ) -> None:
        answer = sign_in(ana).post(address, {"next": target, "given": PASSWORD})
        assert answer["Location"] == "/"

    def test_i9_a_page_of_ours_is_led_to(self, ana: User, sign_in: Any) -> None:
        answer = sign_in(ana).post("/me/appearance", {"next": "/exceptions/?q=x"})
        assert answer["Location"] == "/exceptions/?q=x"


class TestI17:
    """What breaks says so and shows nothing of why."""

    def test_i17_a_page_that_breaks_shows_an_id_and_no_trace(
        self, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from revops.console.me import views

        def break_(user: User) -> None:
            raise RuntimeError("password=hunter2 in /srv/app/secret.py")

        monkeypatch.setattr(views.sections, "of", break_)
        client = Client(raise_request_exception=False)
        client.force_login(ana)
        answer = client.get("/me/")
        page = answer.content.decode()
        assert answer.status_code == 500
        assert answer["X-Correlation-Id"] in page
        assert not re.search(r"Traceback|RuntimeError|hunter2|\.py|settings|line \d", page)

    def test_i17_debugging_is_on_nowhere(self) -> None:
        from revops.settings import base, local

        assert (project.DEBUG, base.DEBUG, local.DEBUG) == (False, False, False)


class TestI25:
    """A file's name is ours, whatever is in it."""

    def test_i25_every_file_has_a_plain_name(self) -> None:
        named = set()
        for address in every():
            if not re.search(r"\.csv|review|export|evidence", address.route) or address.asks():
                continue
            for name in ("adam", "mona", "rae", "ana"):
                client = Client()
                client.force_login(person(name))
                for method in (client.get, client.post):
                    said = method(address.of_nothing()).headers.get("Content-Disposition")
                    if said:
                        named.add(address.route)
                        assert re.fullmatch(r'attachment; filename="[a-z][a-z0-9.-]{3,60}"', said)
        assert len(named) >= 4, named

    def test_i25_names_are_made_in_few_places(self) -> None:
        places = {
            house.name_of(path)
            for path in house.code()
            if "Content-Disposition" in path.read_text()
        }
        assert places <= {
            "revops/close/certificate/views.py",
            "revops/web/csv_files.py",
            "revops/console/audit/views.py",
            "revops/console/connections/views/listing.py",
            "revops/console/mappings/views.py",
        }


class TestI30:
    """Who we are is not what a request says."""

    @pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver:x"])
    def test_i30_another_host_is_refused(self, host: str) -> None:
        assert Client(headers={"Host": host}).get("/sign-in/").status_code == 400

    def test_i30_a_forwarded_host_is_not_believed(self, settings: Any) -> None:
        settings.REVOPS_OIDC_ISSUER, settings.REVOPS_OIDC_CLIENT_ID = "", ""
        answer = Client(headers={"X-Forwarded-Host": "evil.example"}).get("/exceptions/")
        assert "evil" not in answer["Location"]

    def test_i30_no_host_is_allowed_by_a_star(self) -> None:
        from revops.settings import base

        assert "*" not in base.ALLOWED_HOSTS


class TestI31:
    """A line of the log is a line, whatever somebody typed."""

    @pytest.mark.parametrize(
        "typed", ["a\r\nlevel=error forged", "a\nb", "\x1b[31mred", "\u2028x", "\x85x", '","x":"']
    )
    def test_i31_what_is_typed_stays_inside_its_line(self, typed: str) -> None:
        kind = dict(logging_config(as_json=True)["formatters"]["lines"])
        formatter = kind.pop("()")(**kind)
        record = logging.LogRecord("x", logging.INFO, "x.py", 1, "tried: %s", (typed,), None)
        line = formatter.format(record)
        assert len(line.splitlines()) == 1
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
        assert json.loads(line)["event"] == f"tried: {typed}"

    def test_i31_signing_in_logs_no_password_and_no_address_of_mail(
        self, ana: User, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        try_to_sign_in(Client(), "x\r\nforged@example.com", "hunter2-hunter2")
        out, err = capfd.readouterr()
        for text in (out, err, caplog.text):
            assert "hunter2" not in text
            assert "forged@" not in text
