"""
What a service may read follows from the person who answers for its token: never more than they may
themselves, at the moment of each call. A token without such a person was made on the server, by
whoever runs it, and reads what its scopes say.
"""

from __future__ import annotations

from dataclasses import replace

from accounts import tokens
from accounts.authority import ALL, covers, scope_of
from accounts.models import ServiceToken, User
from accounts.sight import sight_of
from revops.kernel.sight import SYSTEM, Sight


def against(owner: User, scope: str, limited: tuple[str, ...] | None) -> str:
    """
    Why ``owner`` cannot answer for ``scope`` of a token that is limited to these legal entities
    (None: to none), as the end of a sentence about them; empty when they can.
    """
    action = tokens.READS.get(scope, "")
    if not action:
        return ""
    own = scope_of(owner, action)
    if not own:
        return f"may not do this themselves: {tokens.SCOPES[scope]}"
    if not sight_of(owner, action).amounts:
        return f"sees neither sums of money nor names there: {tokens.SCOPES[scope]}"
    if own is not ALL and limited is None:
        return f"sees only {', '.join(sorted(own))}, and the token is not limited to it"
    unseen = [code for code in limited or () if not covers(own, [code])]
    return f"does not see {', '.join(unseen)}" if unseen else ""


def shrunk(token: ServiceToken) -> list[str]:
    """The scopes of a token for which its person cannot answer any more."""
    if token.owner is None:
        return []
    limited = tokens.entities_of(token.scopes)
    return [scope for scope in token.scopes if against(token.owner, scope, limited)]


def sight_for(owner: User | None, scope: str) -> Sight:
    """What a service is shown: nothing that is masked to every service, or to its person."""
    action = tokens.READS.get(scope, "")
    if owner is None or not action:
        return SYSTEM
    return replace(SYSTEM, plain=SYSTEM.plain & sight_of(owner, action).plain)
