"""Every event has one flow; order and fields are told apart."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from revops.contracts.registry import CONTRACTS
from revops.pipeline.flows import capabilities, document
from revops.pipeline.flows.base import Flow, Kind, Step, Undo, apply, tell
from revops.pipeline.flows.capabilities import CAPABILITIES
from revops.pipeline.flows.catalogue import EVENTS, event_type, flows
from revops.pipeline.flows.checks import CHECKS
from revops.pipeline.transform import MAPPINGS

ROOT = Path(__file__).resolve().parents[3]
TRANSFORM = ROOT / "revops" / "pipeline" / "transform"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


class TestFlows:
    def test_there_is_one_for_each_event_of_the_catalogue(self) -> None:
        assert list(flows()) == list(dict.fromkeys(map(event_type, CONTRACTS)))

    def test_each_has_a_file_of_its_own(self) -> None:
        files = {path.stem for path in EVENTS.glob("*.py")} - {"__init__"}
        assert files == {event.replace(".", "_") for event in flows()}

    @pytest.mark.parametrize("flow", flows().values(), ids=lambda flow: flow.event)
    def test_speaks_in_business_words(self, flow: Flow) -> None:
        said = [flow.title, flow.about, *(step.title for step in flow.steps)]
        assert all(said)
        assert max(len(sentence.split()) for text in said for sentence in text.split(". ")) <= 25
        assert flow.steps
        assert not any("_" in text or "/" in text for text in said)

    def test_ask_only_for_what_is_known(self) -> None:
        asked = {step.capability for flow in flows().values() for step in flow.commands}
        undone = {
            step.undo.capability
            for flow in flows().values()
            for step in flow.commands
            if step.undo and step.undo.capability
        }
        assert asked | undone == set(CAPABILITIES)

    def test_every_check_is_written_and_used(self) -> None:
        used = {step.name for flow in flows().values() for step in flow.checks}
        assert used == set(CHECKS)

    def test_refuse_a_step_that_waits_for_nothing_known(self) -> None:
        with pytest.raises(ValueError, match="waits for"):
            Flow("a.b", "A", "B", (tell("crm.health", "Tell", after=("nothing",)),))

    def test_refuse_two_steps_of_one_name(self) -> None:
        with pytest.raises(ValueError, match="two steps"):
            Flow("a.b", "A", "B", (apply(), apply()))

    def test_refuse_a_command_that_does_not_say_how_it_is_undone(self) -> None:
        with pytest.raises(ValueError, match="without its undo"):
            Flow("a.b", "A", "B", (Step("x", Kind.COMMAND, "X", (), "crm.health"),))

    def test_refuse_an_undo_that_says_neither_how_nor_why_not(self) -> None:
        with pytest.raises(ValueError, match="or it says why"):
            Undo()


class TestCapabilities:
    def test_are_done_by_some_connector_or_say_who_does_it_instead(self) -> None:
        for kind, capability in CAPABILITIES.items():
            assert bool(capabilities.systems(kind)) != bool(capability.absent), kind

    def test_have_document_types_of_their_own_that_fit(self) -> None:
        documents = [capability.document for capability in CAPABILITIES.values()]
        assert len(set(documents)) == len(documents)
        assert max(map(len, documents)) <= 24

    def test_have_a_mapping_each(self) -> None:
        assert set(MAPPINGS) == set(CAPABILITIES)


class TestSeparation:
    def test_orchestration_makes_no_payload(self) -> None:
        """No flow holds a mapping of fields: no dict in it, and nothing of a contract's data."""
        for path in EVENTS.glob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            made = [node for node in ast.walk(tree) if isinstance(node, ast.Dict | ast.DictComp)]
            assert not made, path.name
            assert not {name for name in imports(path) if not name.startswith(
                ("__future__", "revops.pipeline.flows.base"))}, path.name  # fmt: skip

    def test_transformation_knows_no_order(self) -> None:
        for path in TRANSFORM.glob("*.py"):
            known = {name for name in imports(path) if "flows" in name or "delivery" in name}
            assert not known, path.name


class TestPage:
    def test_of_the_docs_holds_what_the_flows_say(self) -> None:
        page = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
        assert document.table() in page, document.table()
        assert document.asked() in page, document.asked()

    def test_names_who_tells_of_an_event(self) -> None:
        assert "Stripe" in document.producers("invoice.issued")
        assert document.producers("journal.posted") == ("this console",)
        assert "Salesforce" in document.producers("opportunity.won")
