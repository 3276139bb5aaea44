"""People: signing in, what is one's own, who there is, what they are told."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, user
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "accounts:sign-in": (Look("sign-in", at("/sign-in/"), by=""),),
    "accounts:confirm": (Look("confirm", at("/me/confirm/")),),
    "accounts:password": (Look("password", at("/me/password/")),),
    "accounts:set-up": (Look("set-up-second-factor", at("/me/second-factor/")),),
    "accounts:add-key": (Look("add-security-key", at("/me/second-factor/keys/")),),
    "me:settings": (Look("me", at("/me/")),),
    "tokens:list": (Look("tokens", at("/users/tokens/"), by="Ada"),),
    "console:groups": (Look("entity-groups", at("/users/groups/"), by="Ada"),),
    "console:users": (
        Look("users", at("/users/"), by="Ada"),
        Look("users-auditor", at("/users/?q=nobody"), by="Yuki"),
    ),
    "console:user": (
        Look("user", lambda stage: f"/users/{user('Greta')}/", by="Ada"),
        Look("user-oneself", lambda stage: f"/users/{user('Ada')}/", by="Ada"),
    ),
    "console:personal-data": (Look("personal-data", at("/personal-data/"), by="Ada"),),
    "console:emergencies": (Look("break-glass", at("/break-glass/"), by="Marcus"),),
    "notices:list": (
        Look("notices", at("/notices/"), by="Marcus"),
        Look("notices-unread", at("/notices/?view=unread"), by="Tom"),
        Look("notices-none", at("/notices/"), by="Yuki"),
    ),
    "notices:settings": (Look("notice-settings", at("/notices/settings/"), by="Tom"),),
}
