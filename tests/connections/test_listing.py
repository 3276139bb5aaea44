from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from connectors.models import Connection
from revops.kernel import clock
from revops.mappings.models import ErpRoute, MappingVersion
from tests.conftest import SignIn
from tests.connections.kit import a_call, a_source, an_erp, stopped, text_of, waiting
from tests.factories import a_case, a_connection, a_legal_entity, an_event

URL = "/connections/"


def rows(page: Any) -> list[str]:
    return [row.connection.slug for row, _ in page.context["rows"]]


@pytest.mark.django_db
class TestList:
    def test_puts_the_worst_first(self, sign_in: SignIn, rob: User) -> None:
        an_erp("calm")
        an_erp("paused", paused_at=clock.now(), paused_by="Ines", pause_reason="upgrade")
        an_erp("slow", not_before=clock.now() + timedelta(minutes=1))
        an_erp("down", **stopped())
        a_source("polled")

        page = sign_in(rob).get(URL)

        assert rows(page) == ["down", "slow", "paused", "calm", "polled"]

    def test_says_what_waits_where_and_how_much_by_currency(
        self, sign_in: SignIn, ana: User
    ) -> None:
        erp = an_erp(**stopped())
        waiting(erp, 1_200_050)
        waiting(erp, 5_000, currency="EUR")

        page = sign_in(ana).get(URL)
        words = text_of(page)

        assert "ERP is sent nothing since" in words
        assert "2 postings worth USD 12,000.50, EUR 50.00 wait." in words
        assert "The next trial is at" in words

    def test_never_speaks_of_circuits(self, sign_in: SignIn, ana: User) -> None:
        an_erp(**stopped())
        an_erp("other", breaker="half_open")
        assert "circuit" not in text_of(sign_in(ana).get(URL)).lower()

    def test_shows_what_is_in_doubt_with_its_money(self, sign_in: SignIn, ana: User) -> None:
        erp = an_erp()
        later = clock.now() + timedelta(minutes=10)
        waiting(erp, 941_260, state="unknown", settle_until=later, unknown_since=clock.now())
        waiting(erp, 100)

        page = sign_in(ana).get(URL)

        assert page.context["sums"]["in_doubt"] == 1
        assert [str(money.minor) for money in page.context["sums"]["in_doubt_money"]] == ["941260"]
        assert page.context["sums"]["waiting"] == 2

    def test_counts_the_errors_of_the_last_hour_only(self, sign_in: SignIn, ana: User) -> None:
        command = waiting(an_erp())
        a_call(command, "transient")
        a_call(command, "ok")
        a_call(command, "refused")
        a_call(command, "transient", intent_at=clock.now() - timedelta(hours=2))

        ((row, _),) = sign_in(ana).get(URL).context["rows"]

        assert (row.health.calls.failed, row.health.calls.sent) == (1, 3)

    def test_tells_a_quiet_house_so(self, sign_in: SignIn, ana: User) -> None:
        an_erp(succeeded_at=clock.now())
        assert "Every connection works" in text_of(sign_in(ana).get(URL))

    def test_is_empty_before_there_is_any(self, sign_in: SignIn, ana: User) -> None:
        assert "No connection is set up yet" in text_of(sign_in(ana).get(URL))

    def test_names_the_entities_whose_books_are_kept_there(
        self, sign_in: SignIn, ana: User
    ) -> None:
        erp = an_erp()
        version = MappingVersion.objects.create(note="", made_by="Ada")
        entity = a_legal_entity("US-INC", name="US Inc")
        today = clock.now().date()
        ErpRoute.objects.create(
            legal_entity=entity, connection=erp, version=version,
            valid=(today - timedelta(days=9), None),
        )  # fmt: skip

        ((row, _),) = sign_in(ana).get(URL).context["rows"]

        assert row.entities == ["US Inc"]

    def test_shows_a_connection_whose_connector_is_gone(self, sign_in: SignIn, ana: User) -> None:
        a_connection("old", "netsuite_3")
        page = sign_in(ana).get(URL)
        assert "No connector “netsuite_3” is installed here." in text_of(page)
        assert page.status_code == 200


@pytest.mark.django_db
class TestViews:
    def test_show_their_rows_and_count_all(self, sign_in: SignIn, ana: User) -> None:
        an_erp("down", **stopped())
        an_erp("calm")
        a_source()
        browser = sign_in(ana)

        assert rows(browser.get(URL + "?view=attention")) == ["down"]
        assert rows(browser.get(URL + "?view=in")) == ["billing"]
        assert rows(browser.get(URL + "?view=out")) == ["down", "calm"]
        tabs = browser.get(URL + "?view=in").context["tabs"]
        assert [tab["count"] for tab in tabs] == [3, 1, 1, 2]

    def test_leave_the_sums_as_they_are(self, sign_in: SignIn, ana: User) -> None:
        waiting(an_erp(**stopped()))
        a_source()
        page = sign_in(ana).get(URL + "?view=in")
        assert page.context["sums"]["waiting"] == 1
        assert page.context["sums"]["connections"] == 2

    def test_name_what_they_do_not_know(self, sign_in: SignIn, ana: User) -> None:
        a_source()
        page = sign_in(ana).get(URL + "?view=nowhere&colour=red")
        assert page.status_code == 200
        assert "Ignored, because this list does not know it" in text_of(page)


@pytest.mark.django_db
class TestLivePart:
    def test_is_answered_alone(self, sign_in: SignIn, ana: User) -> None:
        a_source()
        answer = sign_in(ana).get(URL, headers={"HX-Request": "true", "HX-Target": "live"})
        text = answer.content.decode()
        assert 'id="live"' in text
        assert "<html" not in text
        assert "HX-Push-Url" not in answer.headers

    def test_asks_for_the_view_that_is_open(self, sign_in: SignIn, ana: User) -> None:
        a_source()
        page = sign_in(ana).get(URL + "?view=in").content.decode()
        assert 'hx-get="/connections/?view=in"' in page


@pytest.mark.django_db
class TestCsv:
    def test_has_a_line_for_each_currency_that_waits(self, sign_in: SignIn, ana: User) -> None:
        erp = an_erp()
        waiting(erp, 1_200_050)
        waiting(erp, 5_000, currency="EUR", state="unknown")
        a_source()

        answer = sign_in(ana).post("/connections/connections.csv")
        text = b"".join(answer).decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(text)))

        assert [(line["connection"], line["currency"], line["waiting"]) for line in lines] == [
            ("erp", "USD", "12000.50"), ("erp", "EUR", "50.00"), ("billing", "", ""),
        ]  # fmt: skip
        assert [line["in_doubt"] for line in lines] == ["0.00", "50.00", ""]

    def test_is_of_the_view(self, sign_in: SignIn, ana: User) -> None:
        an_erp()
        a_source()
        answer = sign_in(ana).post("/connections/connections.csv?view=in")
        lines = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
        assert [line["connection"] for line in lines] == ["billing"]


@pytest.mark.django_db
class TestRail:
    def test_counts_what_cannot_be_sent_to(self, sign_in: SignIn, ana: User) -> None:
        an_erp("one", **stopped())
        an_erp("two", **stopped(paused_at=clock.now(), paused_by="Ines", pause_reason="upgrade"))
        an_erp("three")
        a_source()
        for address in (URL, "/connections/three/"):
            page = sign_in(ana).get(address)
            entries = {
                entry.label: entry for _, group in page.context["console"].rail for entry in group
            }
            assert (entries["Connections"].count, entries["Connections"].tone) == ("1", "crit")

    def test_leaves_the_item_out_for_support(self, sign_in: SignIn, sue: User) -> None:
        page = sign_in(sue).get("/")
        assert "/connections/" not in page.content.decode()


@pytest.mark.django_db
class TestAccess:
    @pytest.mark.parametrize("address", [URL, "/connections/connections.csv"])
    def test_is_refused_to_an_outsider(self, sign_in: SignIn, otis: User, address: str) -> None:
        assert sign_in(otis).get(address).status_code == 403

    def test_is_refused_to_support(self, sign_in: SignIn, sue: User) -> None:
        assert sign_in(sue).get(URL).status_code == 403


@pytest.mark.django_db
class TestCost:
    def test_does_not_grow_with_connections(self, sign_in: SignIn, ana: User) -> None:
        for number in range(12):
            erp = an_erp(f"erp-{number}")
            a_call(waiting(erp), "transient")
            an_event(a_source(f"source-{number}"))
            a_case(connection_slug=f"erp-{number}")
        browser = sign_in(ana)
        with CaptureQueriesContext(database) as asked:
            page = browser.get(URL)
        assert Connection.objects.count() == 24
        assert len(page.context["rows"]) == 24
        assert len(asked) <= 12, [query["sql"][:90] for query in asked]
