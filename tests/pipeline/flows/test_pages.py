"""The pages of flows: what is drawn, what is counted, and who may take a run back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import User
from connectors.contract import Outcome, Receipt
from exceptions.models import Case
from revops.pipeline.flows.base import Kind
from revops.pipeline.flows.catalogue import flows
from revops.pipeline.flows.queries.told import told_of
from revops.pipeline.models import FlowRun
from tests.cast import person
from tests.conftest import SignIn
from tests.pipeline.flows.records import an_invoice, an_opportunity
from tests.pipeline.flows.stage import Stage


def text(answer: Any) -> str:
    page = answer.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())


@pytest.fixture
def rob(transactional_db: None) -> User:
    return person("rob")


class TestList:
    def test_shows_every_event_with_its_runs(
        self, stage: Stage, sign_in: SignIn, rob: User
    ) -> None:
        stage.begin("invoice.overdue/1", an_invoice(stage))
        page = sign_in(rob).get("/flows/")

        for flow in flows().values():
            assert f'href="/flows/{flow.event}/"' in page.content.decode()
        assert f"{len(flows())} events, 1 runs in 24 hours, 1 running" in text(page)


class TestFlow:
    @pytest.mark.parametrize("event", ["opportunity.won", "invoice.issued", "period.closed"])
    def test_draws_each_step_and_says_the_same_as_a_list(
        self, stage: Stage, sign_in: SignIn, rob: User, event: str
    ) -> None:
        page = sign_in(rob).get(f"/flows/{event}/").content.decode()

        drawn = re.findall(r'href="#(step-[\w-]+)" id="node-', page)
        listed = re.findall(r'<li id="(step-[\w-]+)"', page)
        assert len(drawn) == len(flows()[event].steps)
        assert sorted(drawn) == sorted(listed)
        assert " style=" not in page

    def test_counts_what_became_of_each_step(
        self, stage: Stage, sign_in: SignIn, rob: User
    ) -> None:
        stage.crm.outcomes["crm.invoice_state"] = Receipt(Outcome.REFUSED, reason="Read-only.")
        stage.begin("invoice.overdue/1", an_invoice(stage))
        stage.drain()

        page = text(sign_in(rob).get("/flows/invoice.overdue/"))

        assert "Tell sales how the invoice stands Salesforce Failed 1 failed" in page
        assert "Tell customer success about the money Gainsight Done 1 done" in page
        assert "Mark the invoice as overdue Line Done 1 done" in page

    def test_says_who_does_what_no_connector_can(
        self, stage: Stage, sign_in: SignIn, rob: User
    ) -> None:
        page = text(sign_in(rob).get("/flows/opportunity.won/"))
        assert "No connector ends subscriptions: a person does so in the billing system." in page

    def test_there_is_none_of_an_unknown_event(self, sign_in: SignIn, rob: User) -> None:
        assert sign_in(rob).get("/flows/no.such/").status_code == 404


class TestRun:
    def test_shows_each_step_with_its_command_and_its_case(
        self, stage: Stage, sign_in: SignIn, rob: User
    ) -> None:
        stage.crm.outcomes["crm.invoice_state"] = Receipt(Outcome.REFUSED, reason="Read-only.")
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        stage.drain()
        page = sign_in(rob).get(f"/flows/runs/{run.pk}/")

        assert "CMD-" in text(page)
        assert "Go to the case" in text(page)

    def test_shows_what_a_check_found(self, stage: Stage, sign_in: SignIn, rob: User) -> None:
        run = stage.begin(
            "opportunity.won/1", an_opportunity(stage), by=stage.crm, data={"items": []}
        )
        page = text(sign_in(rob).get(f"/flows/runs/{run.pk}/"))
        assert "The opportunity names no product" in page

    def test_is_taken_back_by_who_may_with_a_reason(
        self, stage: Stage, sign_in: SignIn, rob: User
    ) -> None:
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        browser, address = sign_in(rob), f"/flows/runs/{run.pk}/undo"
        sure = {"reason": "The invoice was sent by mistake.", "confirm": "yes"}

        assert browser.post(address, {"reason": sure["reason"]}).status_code == 422
        short = browser.post(address, {"reason": "Oops", "confirm": "yes"})
        assert (short.status_code, "in a sentence" in text(short)) == (422, True)
        assert FlowRun.objects.get().state == "running"

        assert browser.post(address, sure)["Location"] == f"/flows/runs/{run.pk}/"

        assert FlowRun.objects.get().state == "compensated"
        assert "The invoice was sent by mistake." in text(browser.get(f"/flows/runs/{run.pk}/"))
        assert browser.post(address, sure).status_code == 422

    @pytest.mark.parametrize("who", ["ana", "rae", "sue"])
    def test_is_not_taken_back_by_others(self, stage: Stage, sign_in: SignIn, who: str) -> None:
        run = stage.begin("invoice.overdue/1", an_invoice(stage))
        answer = sign_in(person(who)).post(
            f"/flows/runs/{run.pk}/undo", {"reason": "I want it gone.", "confirm": "yes"}
        )
        assert answer.status_code == 403
        assert FlowRun.objects.get().state == "running"


def test_every_kind_of_step_is_drawn_somewhere() -> None:
    assert {step.kind for flow in flows().values() for step in flow.steps} == set(Kind)


class TestElsewhere:
    def test_a_refused_message_can_be_read_on_every_page_that_shows_it(
        self, stage: Stage, sign_in: SignIn, rob: User
    ) -> None:
        stage.crm.outcomes["crm.invoice_state"] = Receipt(Outcome.REFUSED, reason="Read-only.")
        invoice = an_invoice(stage)
        stage.begin("invoice.overdue/1", invoice)
        stage.begin("health.changed/1", stage.northwind)
        stage.crm.drain()
        case = Case.objects.get()
        browser = sign_in(rob)

        for address in (
            f"/exceptions/EXC-{case.pk}/",
            f"/exceptions/causes/{case.cause_key}/",
            "/exceptions/",
            "/connections/",
            "/connections/salesforce/",
            "/connections/gainsight/",
            "/",
        ):
            assert browser.get(address).status_code == 200, address

    def test_who_was_told_what_about_a_record(self, stage: Stage) -> None:
        invoice = an_invoice(stage)
        stage.begin("invoice.overdue/1", invoice)
        stage.drain()

        told = told_of([("invoice", invoice.pk)])

        assert [(one.slug, one.what, one.state) for one in told] == [
            ("salesforce", "Invoice state", "posted"),
            ("gainsight", "Payment signal", "posted"),
        ]
