"""
A check and its two sides.

A side is one SELECT over what one place holds, for one legal entity and range of days. It yields
``COLUMNS``, one row per document, in minor units; the engine does the rest. Parameters that it may
use: ``%(entity)s``, ``%(starts)s``, ``%(ends)s``, ``%(connection)s`` (of that side; None for ours)
and ``%(other)s`` (the other side's connection: ours is read as that system knows it), and
``%(naming)s``, the kinds of command that make the customers they name in either's system, as its
manifest says. Every side is given all six.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

COLUMNS: Final = (
    "item_key",     # names the row on its side for ever: external id, or kind and id of our record
    "key",          # equal on both sides when the rows are one thing; "" when it has none
    "number",       # what people call it
    "reference",    # text that may name the counterpart
    "group_key",    # what several rows share: a payout, an invoice
    "party",        # the customer as this side calls it
    "currency",
    "amount",       # bigint
    "tax",          # bigint or NULL where the side does not tell it
    "dated",        # date
    "period_code",  # the period that the side put it in; "" where it has none of its own
    "state",        # standing | void | draft | open | paid; "" where the side has none
    "record_kind",  # of our record, for links; "" when the side is not ours
    "record_id",
    "touched_at",   # when it last changed, for incremental runs
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """
    ``query`` as described above. ``label`` may hold ``{system}``, the connection's label. ``kind``
    is the snapshot that must be loaded first ("" for our own records), ``role`` the role of the
    connections that can stand here ("" for the console).
    """

    label: str
    query: str
    kind: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """
    A rule that a check begins with; the fields are those of ``models.Rule``. ``automatic`` matches
    by itself, else a person confirms each one.
    """

    name: str
    keys: tuple[str, ...] = ("key",)
    shape: str = "1:1"
    automatic: bool = True
    amount_within: int = 0
    per_mille: int = 0
    days_within: int | None = None
    reference_in_text: bool = False
    reason: str = ""


SAME_KEY: Final = RuleSpec("Same key")


@dataclass(frozen=True, slots=True)
class Check:
    """
    ``compares`` are the columns of rows with one key that must agree: amount, tax, currency, dated,
    period_code, state. ``area`` is the area of the close that must act (close/areas). ``states``
    says which state of the left side allows which of the right; others are a break of status, and
    without it those that are not equal.
    ``wait_days`` is how long the right side may lag as long as nothing was learnt. ``rules`` is its
    first version of rules; ``kinds`` names the kind of case for a type of break, where it is not
    the one of every check (``reconciliation/kinds.py``).

    What the engine asks of a side's query, beside its columns: ``item_key`` of a snapshot's side is
    the Holding's ``external_id``, a row that is gone is not in it, and a row that was in it once
    leaves it by its day only, or with a later ``touched_at``: a run that looks at what was touched
    would miss it otherwise until the next full one. Two rows of a side with one ``key`` are a
    duplicate, unless a rule joins them.
    """

    slug: str
    label: str
    left: Side
    right: Side
    area: str
    noun: str = "invoices"
    compares: frozenset[str] = frozenset({"amount", "currency", "dated"})
    states: Mapping[str, frozenset[str]] = field(default_factory=dict)
    wait_days: int = 2
    rules: tuple[RuleSpec, ...] = (SAME_KEY,)
    kinds: Mapping[str, str] = field(default_factory=dict)
