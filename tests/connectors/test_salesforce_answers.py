from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.salesforce import answers


def answer(status: int, body: Any, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {key.replace("_", "-"): value for key, value in headers.items()}, raw)


def error(code: str, message: str = "Said so", **more: Any) -> list[dict[str, Any]]:
    return [{"message": message, "errorCode": code, **more}]


def problem(found: Answer, *, write: bool = True) -> Problem:
    with pytest.raises(Problem) as caught:
        answers.of(found, write=write)
    return caught.value


class TestMeaning:
    @pytest.mark.parametrize(
        ("status", "code", "outcome", "ours"),
        [
            (401, "INVALID_SESSION_ID", Outcome.AUTH, "session"),
            (403, "API_DISABLED_FOR_ORG", Outcome.AUTH, "forbidden"),
            (403, "FORBIDDEN", Outcome.AUTH, "forbidden"),
            (403, "REQUEST_LIMIT_EXCEEDED", Outcome.THROTTLED, "limit"),
            (503, "TOO_MANY_APEX_REQUESTS", Outcome.THROTTLED, "limit"),
            (400, "UNABLE_TO_LOCK_ROW", Outcome.TRANSIENT, "locked"),
            (404, "NOT_FOUND", Outcome.REFUSED, "record_missing"),
            (404, "ENTITY_IS_DELETED", Outcome.REFUSED, "record_missing"),
            (400, "INVALID_CROSS_REFERENCE_KEY", Outcome.REFUSED, "record_missing"),
            (400, "INSUFFICIENT_ACCESS_OR_READONLY", Outcome.REFUSED, "forbidden"),
            (400, "ENTITY_IS_LOCKED", Outcome.REFUSED, "approval"),
            (400, "INVALID_FIELD", Outcome.REFUSED, "field_missing"),
            (400, "INVALID_TYPE", Outcome.REFUSED, "object_missing"),
            (400, "DUPLICATE_VALUE", Outcome.REFUSED, "duplicate_value"),
            (400, "DUPLICATES_DETECTED", Outcome.REFUSED, "duplicate_rule"),
            (400, "REQUIRED_FIELD_MISSING", Outcome.REFUSED, "field_required"),
            (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Outcome.REFUSED, "validation_rule"),
            (400, "STRING_TOO_LONG", Outcome.REFUSED, "too_long"),
            (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Outcome.REFUSED, "picklist"),
            (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Outcome.REFUSED, "automation"),
            (400, "STORAGE_LIMIT_EXCEEDED", Outcome.REFUSED, "storage"),
            (400, "SOMETHING_NEW", Outcome.REFUSED, "unknown"),
        ],
    )
    def test_the_code_decides_and_the_words_are_kept(
        self, status: int, code: str, outcome: Outcome, ours: str
    ) -> None:
        found = problem(answer(status, error(code, fields=["Name"])))
        assert (found.outcome, found.code, found.status) == (outcome, ours, status)
        assert "Said so" in found.reason

    def test_names_the_fields_that_are_at_fault(self) -> None:
        found = problem(answer(400, error("STRING_TOO_LONG", fields=["Reason__c"])))
        assert "Reason__c" in found.reason

    def test_a_trigger_that_met_a_locked_row_is_a_locked_row(self) -> None:
        words = "RollUp: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, unable to obtain"
        found = problem(answer(400, error("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", words)))
        assert (found.outcome, found.code) == (Outcome.TRANSIENT, "locked")

    def test_waits_as_long_as_it_is_asked_to_and_five_minutes_when_it_is_not(self) -> None:
        limit = error("REQUEST_LIMIT_EXCEEDED")
        assert problem(answer(403, limit)).retry_after == 300
        assert problem(answer(403, limit, retry_after="7")).retry_after == 7
        assert problem(answer(429, b"", retry_after="9")).retry_after == 9

    def test_many_records_of_one_external_id_are_no_success(self) -> None:
        found = problem(answer(300, ["/services/data/v62.0/sobjects/X/1"]))
        assert (found.outcome, found.code) == (Outcome.REFUSED, "duplicate_external_id")

    @pytest.mark.parametrize(
        "found",
        [
            answer(503, b"<html>down</html>"),
            answer(500, error("UNKNOWN_EXCEPTION")),
            answer(503, error("SERVER_UNAVAILABLE")),
            answer(400, error("REQUEST_RUNNING_TOO_LONG")),
            answer(200, b"<html>It works</html>"),
            answer(504, b""),
        ],
    )
    def test_what_may_have_been_done_is_in_doubt_for_writes_only(self, found: Answer) -> None:
        assert problem(found).outcome is Outcome.IN_DOUBT
        assert problem(found, write=False).outcome is Outcome.TRANSIENT

    def test_a_page_of_a_gateway_says_no_more_than_its_status(self) -> None:
        assert problem(answer(401, b"<html>")).outcome is Outcome.AUTH
        assert problem(answer(302, b"")).code == "redirected"
        assert problem(answer(418, b"")).outcome is Outcome.REFUSED

    def test_nothing_is_a_good_answer_to_a_change(self) -> None:
        assert answers.of(answer(204, b""), write=True) is None


class TestTokens:
    @pytest.mark.parametrize(
        "told",
        [
            {"error": "invalid_client", "error_description": "invalid client credentials"},
            {"error": "invalid_grant"},
            [],
        ],
    )
    def test_a_refused_sign_in_is_a_matter_of_credentials(self, told: Any) -> None:
        with pytest.raises(Problem) as caught:
            answers.of_token(answer(400, told))
        assert caught.value.outcome is Outcome.AUTH
        assert caught.value.excerpt == ""

    @pytest.mark.parametrize("told", [{}, {"access_token": 5}, {"access_token": "a\nb"}, []])
    def test_an_answer_without_a_token_is_garbled(self, told: Any) -> None:
        with pytest.raises(Problem) as caught:
            answers.of_token(answer(200, told))
        assert caught.value.outcome is Outcome.TRANSIENT


class TestUsage:
    @pytest.mark.parametrize(
        ("header", "usage"),
        [
            ("api-usage=18/5000", (18, 5000)),
            ("per-app-api-usage=1/2(appName=x), api-usage=18/5000", (18, 5000)),
            ("api-usage=18/0", None),
            ("api-usage=a/b", None),
            ("", None),
        ],
    )
    def test_reads_the_calls_of_the_day(self, header: str, usage: Any) -> None:
        assert answers.usage(answer(200, {}, sforce_limit_info=header)) == usage
