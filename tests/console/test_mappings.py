"""The grid of a map, a row in edit, files in and out, change sets and the ownership matrix."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from openpyxl import Workbook, load_workbook

from accounts.models import User
from approvals.models import ApprovalRequest
from approvals.operations import decide
from approvals.proof import Proof
from connectors.models import Connection
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.mappings.models import (
    ChangeSet,
    EntityMap,
    ErpRoute,
    LegalEntity,
    MappingVersion,
    OwnershipRule,
    TaxMap,
)
from revops.pipeline.changes import asking
from tests.conftest import SignIn
from tests.factories import a_case, a_connection, a_ledger_account, a_legal_entity

pytestmark = pytest.mark.django_db

GRID = "/mappings/tax-codes/"
SINCE = date(2026, 1, 1)
ROW = {"entity": "NW-US", "code": "US-WA-SVC", "account": "2110", "since": "2026-11-01"}


@pytest.fixture
def entity() -> LegalEntity:
    made = a_legal_entity()
    accounts = [a_ledger_account("2100", "Tax payable"), a_ledger_account("2110", "Tax, WA")]
    version = MappingVersion.objects.create(note="Opening maps", made_by="Setup")
    for code, until in (("US-WA-GDS", None), ("US-WA-OLD", clock.now().date() + timedelta(3))):
        TaxMap.objects.create(
            legal_entity=made, code=code, account=accounts[0], version=version,
            valid=DateRange(SINCE, until),
        )  # fmt: skip
    return made


def a_gap(entity: LegalEntity, code: str = "US-WA-SVC") -> None:
    a_case(
        command=None, kind="mapping_missing", legal_entity=entity, currency="USD", at_stake=18_422,
        cause_key=sha256(code), facts=[["Tax code", code]],
        cause=f"Tax code {code} has no mapping in NW-US",
    )  # fmt: skip


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def saved(client: Client, **row: str) -> ChangeSet:
    answer = client.post(f"{GRID}rows", ROW | row)
    assert answer.status_code == 302, answer.content.decode()
    return ChangeSet.objects.latest("pk")


class TestGrid:
    def test_shows_gaps_on_top_with_their_money_and_what_sister_codes_say(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        a_gap(entity)
        page = text_of(sign_in(rob), GRID)
        assert "1 gap holds 1 case" in page
        assert "184.22" in page
        assert "2 of 2 sister codes" in page
        assert "Ends soon" in page
        # Mapping it begins with what the sister codes say.
        edit = text_of(sign_in(rob), f"{GRID}?edit=new&key=US-WA-SVC&of=NW-US")
        assert '<option value="2100" selected>' in edit
        assert 'value="US-WA-SVC"' in edit

    def test_holds_within_fifteen_queries_however_many_gaps_and_changes_there_are(
        self, sign_in: SignIn, rob: User, entity: LegalEntity, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(12):
            a_gap(entity, f"US-{number}")
        client = sign_in(rob)
        saved(client)
        asked: list[str] = []
        before = psycopg.Cursor.execute

        def execute(self: Any, query: Any, *args: Any, **values: Any) -> Any:
            if not str(query).startswith("SELECT set_config("):
                asked.append(str(query))
            return before(self, query, *args, **values)

        client.get(GRID)
        monkeypatch.setattr(psycopg.Cursor, "execute", execute)
        page = text_of(client, GRID)
        assert len(asked) <= 15, asked
        # The dearest stand above; all of them, page by page, on their own tab.
        assert "12 gaps hold 12 cases" in page
        assert page.count("Cases that wait for") == 8
        assert "All 12 gaps" in page
        assert text_of(client, f"{GRID}?tab=gaps").count("Cases that wait for") == 12

    def test_shows_what_was_valid_on_a_day_and_what_a_source_used(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        client = sign_in(rob)
        later = (clock.now().date() + timedelta(30)).isoformat()
        assert "US-WA-OLD" in text_of(client, GRID)
        assert "US-WA-OLD" not in text_of(client, f"{GRID}?on={later}")
        assert 'type="date" value="' in text_of(client, f"{GRID}?on={later}")
        connection = a_connection(slug="eu-billing")
        for slug, hint in ((connection.slug, "de"), (a_connection(slug="crm").slug, "us")):
            EntityMap.objects.create(
                connection=Connection.objects.get(slug=slug), hint=hint, legal_entity=entity
            )
        page = text_of(client, "/mappings/entities/?source=eu-billing")
        assert "eu-billing.de" in page
        assert "crm.us" not in page

    def test_saves_when_enter_is_pressed_in_a_field(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        """A browser presses the first button of the form."""
        row = TaxMap.objects.get(code="US-WA-GDS").pk
        page = text_of(sign_in(rob), f"{GRID}?edit={row}")
        assert page.index('id="save-row"') < page.index('id="end-row"')

    def test_saves_a_row_to_a_change_set_and_nothing_into_force(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        held = saved(sign_in(rob))
        assert (held.state, held.entities, held.rows.get().key) == (
            "draft", ["NW-US"], "US-WA-SVC",
        )  # fmt: skip
        assert not TaxMap.objects.filter(code="US-WA-SVC").exists()
        # A second row goes into the same draft; the same row again takes the place of the first.
        saved(sign_in(rob), code="US-WA-FRT")
        assert saved(sign_in(rob), account="2100").pk == held.pk
        assert [one.values["account"] for one in held.rows.order_by("key")] == ["2110", "2100"]

    def test_answers_what_makes_no_sense_in_the_row_itself(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        answer = sign_in(rob).post(f"{GRID}rows", ROW | {"account": "", "since": "yesterday"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Write the day as 2026-11-30." in page
        assert 'value="yesterday"' in page
        answer = sign_in(rob).post(f"{GRID}rows", ROW | {"account": "9999"})
        assert "The chart of accounts has no 9999." in answer.content.decode()
        assert not ChangeSet.objects.exists()


class TestChangeSet:
    def test_is_in_force_when_somebody_else_agrees_and_ends_what_stood(
        self, sign_in: SignIn, rob: User, ana: User, entity: LegalEntity
    ) -> None:
        client = sign_in(rob)
        held = saved(client, code="US-WA-GDS")
        page = text_of(client, f"/mappings/changes/{held}/")
        assert "changed" in page
        assert '<span class="was">2100</span>' in page
        client.post(f"/mappings/changes/{held}/preview")
        client.post(f"/mappings/changes/{held}/send", {"reason": "Washington"})
        held.refresh_from_db()
        assert held.state == "waiting"
        request = ApprovalRequest.objects.get(pk=held.approval)
        assert "none changes" in text_of(client, f"/mappings/changes/{held}/")

        assert client.post(f"/mappings/changes/{held}/discard").status_code == 409
        again = held.rows.get()
        assert again.before == [{"since": "2026-01-01", "until": "", "values": {"account": "2100"}}]
        proven(request, ana)
        held.refresh_from_db()
        assert held.state == "applied"
        found = TaxMap.objects.filter(code="US-WA-GDS").order_by("valid")
        assert [(one.account.code, one.valid.lower, one.valid.upper) for one in found] == [
            ("2100", SINCE, date(2026, 11, 1)), ("2110", date(2026, 11, 1), None),
        ]  # fmt: skip
        assert found[1].version == held.version
        assert f"Version {held.version_id}" in text_of(client, f"{GRID}?tab=history")

    def test_that_was_sent_back_goes_again_as_a_new_version(
        self, sign_in: SignIn, rob: User, ana: User, entity: LegalEntity
    ) -> None:
        held = saved(sign_in(rob))
        request = asking.send(set_id=held.pk, by=rob, reason="New code")
        decide(
            request_id=request.pk, verdict="send_back", by=ana, seen=request.sha256,
            reason="Use 2100", proof=Proof(ana.pk, clock.now()),
        )  # fmt: skip
        held.refresh_from_db()
        assert held.state == "sent_back"
        assert saved(sign_in(rob), account="2100").pk == held.pk
        again = asking.send(set_id=held.pk, by=rob, reason="As asked")
        assert (again.pk, again.version) == (request.pk, 2)

    def test_of_others_is_not_edited_and_two_that_collide_are_shown(
        self, sign_in: SignIn, rob: User, adam: User, ana: User, entity: LegalEntity
    ) -> None:
        mine = saved(sign_in(rob))
        theirs = saved(sign_in(adam))
        assert mine.pk != theirs.pk
        assert sign_in(rob).post(f"/mappings/changes/{theirs}/discard").status_code == 409
        page = text_of(sign_in(ana), f"{GRID}?tab=conflicts")
        assert str(mine) in page
        assert str(theirs) in page


class TestFiles:
    def test_go_out_and_come_in_again_changed_in_one_row(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        client = sign_in(rob)
        answer = client.post(f"{GRID}file", {"as": "xlsx"})
        book = load_workbook(BytesIO(answer.content))
        rows = [[str(cell or "") for cell in row] for row in book.worksheets[0].values]
        assert rows[0][:4] == ["op", "entity", "code", "account"]
        rows[1][3] = "2110"
        changed = Workbook()
        for row in rows:
            changed.worksheets[0].append(row)
        out = BytesIO()
        changed.save(out)
        answer = client.post(
            f"{GRID}import", {"file": SimpleUploadedFile("maps.xlsx", out.getvalue())}
        )
        assert answer.status_code == 302
        held = ChangeSet.objects.get()
        assert (held.source, held.rows.get().values) == ("maps.xlsx", {"account": "2110"})

    def test_with_a_wrong_row_save_nothing_and_come_back_with_the_reason(
        self, sign_in: SignIn, rob: User, entity: LegalEntity
    ) -> None:
        client = sign_in(rob)
        table = (
            "entity,code,account,valid_from,valid_to\n"
            "NW-US,US-OR,2110,2026-11-01,\n"
            "NW-US,'=US-NV,9999,2026-11-01,\n"
            "XX,US-ID,2110,soon,\n"
        )
        answer = client.post(
            f"{GRID}import", {"file": SimpleUploadedFile("maps.csv", table.encode())}
        )
        assert answer.status_code == 422
        assert "2 of 3 rows cannot be" in answer.content.decode()
        assert not ChangeSet.objects.exists()
        errors = client.post(f"{GRID}import/errors", {"rows": table})
        lines = b"".join(errors.streaming_content).decode().splitlines()
        assert lines[0].endswith('"error"')
        assert lines[1].endswith('""')
        assert "no 9999" in lines[2]
        assert "is a day like" in lines[3]

    @pytest.mark.parametrize(
        ("name", "content"),
        [("a.csv", b"\xff\xfe\x00"), ("a.csv", b""), ("a.xlsx", b"PK no"), ("a.csv", b"code\nx\n"),
         ("a.csv", b"entity,code,account,valid_from,colour\nNW-US,x,2100,2026-01-01,red\n")],
    )  # fmt: skip
    def test_that_are_none_are_refused_in_words(
        self, sign_in: SignIn, rob: User, entity: LegalEntity, name: str, content: bytes
    ) -> None:
        file = SimpleUploadedFile(name, content)
        answer = sign_in(rob).post(f"{GRID}import", {"file": file})
        assert answer.status_code == 422
        assert "Nothing was saved" in answer.content.decode()


class TestOwnership:
    def test_shows_who_owns_what_and_a_second_person_makes_it_so(
        self, sign_in: SignIn, adam: User, ana: User, entity: LegalEntity
    ) -> None:
        a_connection("crm", "salesforce")
        client = sign_in(adam)
        row = {"entity": "", "field": "customer.tax_id", "owner": "crm", "since": "2026-11-01"}
        assert client.post("/mappings/ownership/rows", row).status_code == 302
        held = ChangeSet.objects.get()
        page = text_of(client, "/ownership/")
        assert str(held) in page
        proven(asking.send(set_id=held.pk, by=adam, reason="CRM is right"), ana)
        rule = OwnershipRule.objects.get()
        assert (rule.record_kind, rule.field, rule.entity_code) == ("customer", "tax_id", "")
        # One owner on a day: a second one ends the first, and never stands beside it.
        answer = client.post("/mappings/ownership/rows", row)
        assert answer.status_code == 422
        assert "mapped like that already" in answer.content.decode()
        bad = client.post("/mappings/ownership/rows", row | {"field": "customer.shoe_size"})
        assert "nothing that can be mapped here" in bad.content.decode()


class TestRoutes:
    def test_say_how_invoices_go_to_an_erp_that_takes_them(
        self, sign_in: SignIn, adam: User, ana: User, entity: LegalEntity
    ) -> None:
        a_connection("erp", "tryton")
        a_connection("crm", "salesforce")
        client = sign_in(adam)
        row = {"entity": "NW-US", "lane": "primary", "since": "2026-11-01"}
        bad = client.post(
            "/mappings/routes/rows", row | {"connection": "crm", "posts_as": "documents"}
        )
        assert "crm takes journals only" in bad.content.decode()
        for lane, asked in (("primary", "documents"), ("shadow", "")):
            told = row | {"connection": "erp", "lane": lane, "posts_as": asked}
            assert client.post("/mappings/routes/rows", told).status_code == 302
        held = ChangeSet.objects.get()
        proven(asking.send(set_id=held.pk, by=adam, reason="Invoices in the ERP"), ana)
        routes = ErpRoute.objects.order_by("lane").values_list("lane", "posts_as")
        assert list(routes) == [("primary", "documents"), ("shadow", "journals")]
        assert "The ERP&#x27;s own documents" in client.get("/ownership/").content.decode()


def proven(request: ApprovalRequest, by: User) -> None:
    """Agree, with the password where the policy asks for it."""
    proof = Proof(by.pk, clock.now())
    decide(request_id=request.pk, verdict="approve", by=by, seen=request.sha256, proof=proof)
