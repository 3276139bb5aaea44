"""What a rule of matching may say, and how it reads as a sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FIELDS: Final = (
    "name", "strength", "shape", "keys", "reference_in_text", "amount_within", "per_mille",
    "days_within", "reason", "legal_entity_id", "currency",
)  # fmt: skip
KEYS: Final = {
    "key": "Shared key", "number": "Number", "reference": "Reference", "group_key": "Group",
    "party": "Customer", "amount": "Amount", "currency": "Currency", "dated": "Day",
}  # fmt: skip
SHAPES: Final = {"1:1": "one to one", "1:n": "one to many", "n:1": "many to one"}
STRENGTHS: Final = {"automatic": "Automatic", "suggest": "Suggest"}
_MOST_DAYS: Final = 92
_MOST_PER_MILLE: Final = 100


def problems(values: Mapping[str, Any]) -> dict[str, str]:
    """What stands against a rule, by field, in sentences."""
    wrong = {}
    if not str(values["name"]).strip():
        wrong["name"] = "Give the rule a name."
    if values["strength"] not in STRENGTHS:
        wrong["strength"] = "Choose whether it matches by itself."
    if values["shape"] not in SHAPES:
        wrong["shape"] = "Choose how many rows it joins."
    if not set(values["keys"]) <= set(KEYS):
        wrong["keys"] = "Choose from the list."
    elif not values["keys"] and not values["reference_in_text"]:
        wrong["keys"] = "Choose at least one thing that both sides must share."
    elif set(values["keys"]) <= {"currency", "dated"} and not values["reference_in_text"]:
        wrong["keys"] = "Currency and day alone would join strangers. Choose one more."
    days = values["days_within"]
    if days is not None and not 0 <= days <= _MOST_DAYS:
        wrong["days_within"] = f"From 0 to {_MOST_DAYS} days."
    if values["amount_within"] < 0:
        wrong["amount_within"] = "A tolerance is zero or more."
    if not 0 <= values["per_mille"] <= _MOST_PER_MILLE:
        wrong["per_mille"] = f"From 0 to {_MOST_PER_MILLE} per mille."
    tolerates = values["amount_within"] or values["per_mille"]
    if tolerates and "amount" in values["keys"]:
        wrong["amount_within"] = "The amount must be equal already. Take one of both off."
    if tolerates and not values["reason"]:
        wrong["reason"] = "Say what a tolerated difference is."
    return wrong


def sentence(values: Mapping[str, Any]) -> str:
    """“Same customer and amount, days at most 3 apart; one to one.”"""
    parts = [KEYS[key].lower() for key in values["keys"] if key in KEYS]
    if values["reference_in_text"]:
        parts.append("number in the text")
    shared = f"Same {_joined(parts)}" if parts else "Nothing shared"
    limits = []
    if values["days_within"] is not None:
        days = values["days_within"]
        limits.append(f"at most {days} day{'' if days == 1 else 's'} apart")
    if values["amount_within"]:
        limits.append(f"{values['amount_within']:,} minor units off")
    if values["per_mille"]:
        limits.append(f"{values['per_mille']} ‰ off")
    return "; ".join([shared, *limits, SHAPES[values["shape"]]])


def _joined(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
