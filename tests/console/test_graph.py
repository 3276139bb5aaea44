from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from revops.console.graph import MOST, Graph, graph_of
from revops.kernel.money import Money
from revops.lineage.queries.hops import Hop


def a_hop(kind: str, id: int, *after: str, **values: Any) -> Hop:
    made: dict[str, Any] = {
        "label": kind.capitalize(), "name": f"{kind}-{id}", "system": "Billing", "status": "issued",
    }  # fmt: skip
    return Hop(kind=kind, id=id, after=after, **(made | values))


def drawn(*hops: Hop, chosen: str = "") -> Graph:
    return graph_of(hops, chosen=chosen, address="/t/?hop={key}")


def boxes(graph: Graph) -> dict[str, tuple[int, int]]:
    tree = ElementTree.fromstring(str(graph.svg))  # noqa: S314  our own drawing
    return {
        link.attrib["id"]: (int(rect.attrib["x"]), int(rect.attrib["y"]))
        for link in tree.iter("a")
        for rect in link.iter("rect")
    }


class TestGraph:
    def test_stands_right_of_what_it_came_from(self) -> None:
        made = drawn(
            a_hop("customer", 1), a_hop("invoice", 1, "customer-1"),
            a_hop("payment", 1, "invoice-1"), a_hop("journal", 1, "invoice-1"),
        )  # fmt: skip
        places = boxes(made)
        assert places["node-customer-1"] < places["node-invoice-1"] < places["node-payment-1"]
        assert places["node-payment-1"][0] == places["node-journal-1"][0]
        assert len(set(places.values())) == 4
        assert str(made.svg).count('class="edge"') == 3

    def test_nests_the_same_as_a_list(self) -> None:
        made = drawn(a_hop("customer", 1), a_hop("invoice", 1, "customer-1"))
        (root,) = made.roots
        assert [child.hop.key for child in root.children] == ["invoice-1"]

    def test_counts_many_alike_as_one_with_their_sum(self) -> None:
        many = [
            a_hop("invoice", n, "customer-1", amount=Money(100, "USD")) for n in range(1, MOST + 2)
        ]
        made = drawn(a_hop("customer", 1), *many)
        (node,) = made.roots[0].children
        assert (node.count, node.hop.amount) == (MOST + 1, Money(100 * (MOST + 1), "USD"))
        assert made.count == 2

    def test_counts_what_follows_each_of_many_alike_too(self) -> None:
        many = range(1, MOST + 2)
        made = drawn(
            a_hop("payout", 1),
            *(a_hop("journal", n, "payout-1") for n in many),
            *(a_hop("posting", n, f"journal-{n}") for n in many),
        )
        assert list(boxes(made)) == ["node-payout-1", "node-journal-1", "node-posting-1"]
        assert made.roots[0].children[0].children[0].count == MOST + 1

    def test_never_hides_a_problem_in_a_count(self) -> None:
        many = [a_hop("invoice", n, "customer-1") for n in range(1, MOST + 2)]
        gone = a_hop("invoice", 99, "customer-1", status="missing", missing="It was refused.")
        made = drawn(a_hop("customer", 1), *many, gone)
        assert "node-invoice-99" in boxes(made)
        assert made.missing == 1
        assert 'class="node gone"' in str(made.svg)

    def test_survives_a_loop(self) -> None:
        made = drawn(a_hop("customer", 1, "customer-2"), a_hop("customer", 2, "customer-1"))
        assert len(boxes(made)) == 2

    def test_escapes_what_systems_say(self) -> None:
        made = drawn(a_hop("invoice", 1, name='<script>"&'))
        assert "<script>" not in str(made.svg)
        assert "node-invoice-1" in boxes(made)

    def test_marks_the_chosen_one(self) -> None:
        assert 'class="node chosen"' in str(drawn(a_hop("invoice", 1), chosen="invoice-1").svg)
