"""How heavy the pages are, and that they ask nobody else (ux.md P1)."""

from __future__ import annotations

import pytest

from revops.canonical.models import Invoice
from tests.browser.conftest import Visit
from tests.browser.stage import Stage

LIMITS = {"document": 120_000, "stylesheet": 45_000, "script": 70_000}


class TestWeight:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/exceptions/",
            "/exceptions/?group=case",
            "/lineage/invoice/{invoice}/",
            "/connections/tryton/",
        ],
    )
    def test_of_a_page_is_within_its_limits(self, path: str, visit: Visit, stage: Stage) -> None:
        seen = visit(path.format(invoice=Invoice.objects.earliest("pk").pk))
        seen.page.wait_for_load_state("networkidle")
        weight = dict.fromkeys(LIMITS, 0)
        for answer in seen.answered:
            weight[answer.request.resource_type] += len(answer.body())
        assert {kind: size for kind, size in weight.items() if size > LIMITS[kind]} == {}
        assert len(seen.answered) <= 8
        hosts = {answer.url.split("/")[2] for answer in seen.answered}
        assert len(hosts) == 1
