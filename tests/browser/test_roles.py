"""Each role sees its own console, and nothing that is not for it, not even in the source."""

from __future__ import annotations

import pytest

from revops.events.models import InboundEvent
from tests.browser.conftest import Visit
from tests.browser.stage import Stage

PACKS = ["Evidence packs"]
SET_UP = ["Mappings", "Ownership", "Playbooks"]
ALERTED = [*SET_UP[:-1], "Alert rules", SET_UP[-1]]
READERS = [
    "Home", "Exceptions", "Approvals", "Credits", "Reconciliation", "Customers", "Close", "Lineage",
    "Books", "Events", "Usage", "Flows", "Connections", "Measures",
]  # fmt: skip
RAILS = {
    "Priya": [*READERS, *ALERTED, *PACKS],
    "Marcus": [*READERS, *ALERTED, "Personal data", *PACKS],
    "Ines": [*READERS, *ALERTED, *PACKS],
    "Yuki": [*READERS, "Audit trail", *ALERTED, "Users", *PACKS],
    "Ada": [
        "Home", "Approvals", "Lineage", "Events", "Usage", "Flows", "Connections", *SET_UP,
        "Users", "Personal data",
    ],
    "Tom": ["Home", "Approvals", "Credits", "Customers", "Usage"],
}  # fmt: skip


class TestRoles:
    @pytest.mark.parametrize("by", list(RAILS))
    def test_see_their_own_rail_and_nothing_behind_it(self, by: str, visit: Visit) -> None:
        seen = visit("/", by=by)
        links = seen.page.locator(".rail nav a:not(.brand)")
        labels = [text.split("\n")[0] for text in links.all_inner_texts()]
        assert labels == RAILS[by]
        for label, path in {
            "Exceptions": "/exceptions/",
            "Credits": "/credits/",
            "Customers": "/customers/",
            "Lineage": "/lineage/",
            "Books": "/books/",
            "Events": "/events/",
            "Mappings": "/mappings/tax-codes/",
            "Ownership": "/ownership/",
            "Usage": "/usage/",
            "Flows": "/flows/",
            "Connections": "/connections/",
            "Playbooks": "/playbooks/",
        }.items():
            expected = 200 if label in RAILS[by] else 403
            assert seen.page.request.get(path).status == expected, path

    def test_are_told_who_may_when_they_may_not(self, visit: Visit) -> None:
        seen = visit(by="Tom")
        seen.expects = {403}
        assert seen.go("/exceptions/").status == 403
        assert "Finance analyst" in seen.main()

    def test_that_only_read_have_no_button_that_writes(self, visit: Visit, stage: Stage) -> None:
        for path in (
            f"/exceptions/EXC-{stage.case['refused'].pk}/",
            f"/exceptions/causes/{stage.case['refused'].cause_key}/",
            "/connections/tryton/",
        ):
            seen = visit(path, by="Yuki")
            assert seen.page.locator("main form[method=post]").count() == 0, path

    def test_that_may_not_read_payloads_get_none_in_the_source(self, visit: Visit) -> None:
        event = InboundEvent.objects.filter(type="customer.created").earliest("pk")
        path = f"/lineage/event/{event.pk}/"
        reader, other = visit(path, by="Priya"), visit(path, by="Ada")
        assert '"name"' in reader.page.inner_text("#pane pre")
        assert other.page.locator("#pane pre").count() == 0
        for seen in (reader, other):
            assert "billing@" not in seen.page.content()
