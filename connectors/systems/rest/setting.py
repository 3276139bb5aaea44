"""A connection's parameters as the connector uses them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from connectors.contract import Trouble
from connectors.systems.rest import mapping, outgoing, proof
from connectors.systems.rest.mapping import Kind
from connectors.systems.rest.outgoing import Outgoing
from connectors.systems.rest.reading import Reader
from revops.contracts.registry import CONTRACTS

_DAY_S: Final = 24 * 3600
LOOKBACK_DAYS: Final = 7
MOST_DAYS: Final = 3_650


@dataclass(frozen=True, slots=True)
class Setting:
    """``trouble`` is one sentence when the mapping cannot be used; then it has no kinds."""

    kinds: Sequence[Kind] = ()
    outgoing: Outgoing = Outgoing()
    proof: str = proof.NONE
    proof_header: str = ""
    lookback_s: int = LOOKBACK_DAYS * _DAY_S
    trouble: str = ""

    @property
    def reader(self) -> Reader:
        listens = self.proof != proof.NONE
        return Reader(self.kinds, self.proof in proof.SENDER_ONLY, listens, self.trouble)

    @property
    def fetches(self) -> bool:
        """Whether each kind of object can be asked for by its id."""
        return bool(self.kinds) and all(one.asking is not None for one in self.kinds)


def of(parameters: Mapping[str, Any], emits: frozenset[str]) -> Setting:
    """Raises nothing: what was saved by an older version may not fit any more."""
    kinds, wrong = mapping.read(_said(parameters, "mapping"), emits)
    sent, unsendable = outgoing.read(_said(parameters, "messages"))
    trouble = f"The connection's mapping cannot be used. {wrong[0]}" if wrong else ""
    if unsendable and not trouble:
        trouble = f"The connection's messages cannot be used. {unsendable[0]}"
    days = parameters.get("first_days")
    return Setting(
        kinds, sent, _said(parameters, "proof") or proof.NONE, _said(parameters, "proof_header"),
        (days if type(days) is int and 0 < days <= MOST_DAYS else LOOKBACK_DAYS) * _DAY_S,
        trouble,
    )  # fmt: skip


def check(parameters: Mapping[str, Any], emits: frozenset[str]) -> Iterator[Trouble]:
    """All that an admin has to put right before it can be saved."""
    kinds, wrong = mapping.read(_said(parameters, "mapping"), emits)
    sent, unsendable = outgoing.read(_said(parameters, "messages"))
    yield from (Trouble("mapping", one) for one in wrong)
    yield from (Trouble("messages", one) for one in unsendable)
    family = _said(parameters, "proof") or proof.NONE
    for kind in kinds:
        if kind.listing is None and family == proof.NONE:
            yield Trouble("proof", f"{kind.name} comes by webhook alone: choose how it is proved.")
        if kind.hook is not None and family in proof.SENDER_ONLY and kind.asking is None:
            yield Trouble(
                "mapping", f"{kind.name}: this proof names the sender alone, so that the object is "
                "asked for: say where, as “object”.",
            )  # fmt: skip
    if any(one.asking for one in kinds) and not all(one.asking for one in kinds):
        missing = ", ".join(one.name for one in kinds if one.asking is None)
        yield Trouble("mapping", f"All kinds have an “object”, or none: {missing} has none.")
    if not unsendable:
        yield from _untold(_said(parameters, "events"), sent)
    if not (kinds or wrong or sent.messages or unsendable):
        yield Trouble("mapping", "It neither reads nor sends: give it a mapping, or messages.")
    for name in ("proof_header", "key_header"):
        header = _said(parameters, name)
        if header and not outgoing.may_be_named(header):
            yield Trouble(name, f"{outgoing.HEADER_WORDS[:1].upper()}{outgoing.HEADER_WORDS[1:]}.")
    days = parameters.get("first_days")
    if type(days) is int and not 0 < days <= MOST_DAYS:
        yield Trouble("first_days", f"Type 1 to {MOST_DAYS} days.")


def _untold(patterns: str, sent: Outgoing) -> Iterator[Trouble]:
    """Every event that is subscribed to has a message, and every message has an event."""
    names = {contract.partition("/")[0] for contract in CONTRACTS}
    for pattern in filter(None, (part.strip() for part in patterns.split(","))):
        fitting = {name for name in names if fnmatchcase(name, pattern)}
        if not fitting:
            yield Trouble("events", f"There is no event “{pattern[:60]}”.")
        untold = sorted(name for name in fitting if sent.of(name) is None)
        if untold:
            yield Trouble("events", f"No message is for {', '.join(untold[:4])}.")
    if sent.messages and not patterns:
        yield Trouble("events", "Name the events that are told, such as entitlement.*")


def _said(parameters: Mapping[str, Any], name: str) -> str:
    return str(parameters.get(name) or "").strip()
