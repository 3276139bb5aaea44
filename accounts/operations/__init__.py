"""Changing what people and services may do; every act is recorded."""

from __future__ import annotations

from accounts.operations.emergencies import (
    ask_for_emergency,
    grant_emergency,
    refuse_emergency,
    review_emergency,
)
from accounts.operations.identities import tie_accounts, untie_accounts
from accounts.operations.people import (
    PeopleRefused,
    check_end,
    check_grant,
    deactivate,
    end_role,
    first_administrator,
    grant_role,
    invite,
)
from accounts.operations.tokens import TokenRefused, create_token, revoke_token, use_token

__all__ = [
    "PeopleRefused",
    "TokenRefused",
    "ask_for_emergency",
    "check_end",
    "check_grant",
    "create_token",
    "deactivate",
    "end_role",
    "first_administrator",
    "grant_emergency",
    "grant_role",
    "invite",
    "refuse_emergency",
    "review_emergency",
    "tie_accounts",
    "untie_accounts",
    "revoke_token",
    "use_token",
]
