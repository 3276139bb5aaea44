"""The text that Prometheus reads, and who may read it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from revops.measures.bounds import BUCKETS
from revops.measures.exposition import Family, Histogram, decimal, text
from tests.api.calls import Caller
from tests.measures.test_page import slow_and_fast


class TestText:
    def test_has_help_type_and_rows_with_escaped_labels(self) -> None:
        told = text([Family("a_total", "counter", "What\nit is", [({"who": 'a"b\\c'}, "3")])])
        assert (
            told
            == '# HELP a_total What\\nit is\n# TYPE a_total counter\na_total{who="a\\"b\\\\c"} 3\n'
        )

    def test_leaves_out_what_has_no_rows(self) -> None:
        assert text([Family("a", "gauge", "x"), Histogram("b", "y")]) == ""

    def test_adds_buckets_up_and_ends_with_all(self) -> None:
        spread = [0] * BUCKETS
        spread[0], spread[2], spread[-1] = 2, 1, 4
        lines = text([Histogram("t", "Times", [({}, spread, 99)])]).splitlines()
        assert lines[2:6] == [
            't_bucket{le="1"} 2', 't_bucket{le="2"} 2', 't_bucket{le="5"} 3', 't_bucket{le="10"} 3',
        ]  # fmt: skip
        assert lines[-3:] == ['t_bucket{le="+Inf"} 7', "t_sum 99", "t_count 7"]

    @pytest.mark.parametrize(
        ("part", "whole", "said"), [(3, 4, "0.7500"), (-1, 3, "-0.3333"), (25, 10, "2.5000")]
    )
    def test_writes_decimals_without_floats(self, part: int, whole: int, said: str) -> None:
        assert decimal(part, whole) == said


@pytest.mark.django_db
class TestMetrics:
    def test_tells_counters_histograms_and_budgets_to_a_token(self) -> None:
        slow_and_fast()
        answer = Caller("read:metrics").get("/metrics")
        told = answer.content.decode()
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        assert 'revops_posting_seconds_bucket{entity="US-INC",le="120"} 3' in told
        assert 'revops_posting_seconds_count{entity="UK-LTD"} 1' in told
        assert 'revops_posting_seconds_sum{entity="UK-LTD"} 5000' in told
        assert 'revops_objective_ratio{objective="posted"} 0.7500' in told
        assert 'revops_error_budget_burn{objective="posted",window="6h"} 25.0000' in told

    def test_tells_a_narrow_token_of_its_legal_entity_alone(self) -> None:
        slow_and_fast()
        told = Caller("read:metrics", "entity:US-INC").get("/metrics").content.decode()
        assert "US-INC" in told
        assert "UK-LTD" not in told
        assert "revops_due" not in told

    def test_asks_for_a_token_unless_it_comes_from_where_monitoring_stands(
        self, settings: Any
    ) -> None:
        assert Client().get("/metrics").status_code == 401
        settings.REVOPS_METRICS_NETWORKS = ["10.9.0.0/16"]
        assert Client(REMOTE_ADDR="10.8.0.1").get("/metrics").status_code == 401
        assert Client(REMOTE_ADDR="10.9.0.1").get("/metrics").status_code == 200

    def test_takes_whatever_format_a_scraper_asks_for(self) -> None:
        caller = Caller("read:metrics")
        accept = {"Accept": "application/openmetrics-text;version=1.0.0,*/*;q=0.1"}
        answer = caller.client.get("/metrics", headers=caller.headers | accept)
        assert answer.status_code == 200
