"""What people can be told of, and how, unless they want it otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOT: Final = "no"
NOW: Final = "now"
DIGEST: Final = "digest"
# By e-mail: (value, word)
MAIL: Final = ((NOW, "At once"), (DIGEST, "Once a day"), (NOT, "Not at all"))


@dataclass(frozen=True, slots=True)
class Kind:
    """In the console every notice is shown; ``mail`` and ``chat`` are what nobody has changed."""

    slug: str
    label: str
    about: str
    mail: str = NOW
    chat: bool = False


KINDS: Final = {
    kind.slug: kind
    for kind in (
        Kind("approval_asked", "Waits for you", "Somebody asks for what you may decide."),
        Kind(
            "approval_late", "Waits too long",
            "What you may decide, or asked for, is late or ends soon.",
        ),
        Kind(
            "approval_answered", "Your request was answered",
            "What you asked for was decided, sent back, or ended.",
        ),
        Kind(
            "approval_changed", "A request changed",
            "What you decided a part of was withdrawn, or was handed to you.", mail=DIGEST,
        ),
        Kind("credit_moved", "Your service credit", "A credit that you asked for was issued."),
        Kind("credit_stuck", "Your service credit is stuck", "Billing has not issued it in time."),
        Kind("account_changed", "Your account", "Somebody changed how you sign in."),
        Kind("token_ends", "A service token ends", "A token that you answer for ends soon."),
        Kind(
            "credential_ends", "A credential ends",
            "A system soon takes a credential of its connection no more.",
        ),
        Kind(
            "break_glass", "Break-glass", "Somebody asks for extra rights, or has them.",
            chat=True,
        ),
        Kind("mention", "Somebody named you", "A comment on a case has your name with an @."),
        Kind(
            "case_watched", "A case that you wait for",
            "You asked to be told when it is settled, or due.",
        ),
        Kind(
            "alert", "Alert", "A rule of yours holds: about money, time, or a system.", chat=True,
        ),
        Kind(
            "sign_off_suspended", "Your sign-off is suspended",
            "A number behind something that you signed has changed.",
        ),
        Kind(
            "certificate_suspended", "A certificate is suspended",
            "Something behind a certificate that you sealed or signed for has changed.",
        ),
        Kind(
            "audit_trail_broken", "Audit trail", "It is not as it was written.", chat=True,
        ),
    )
}  # fmt: skip


class KindUnknown(KeyError):
    """Nobody is told of such a thing; a mistake in the code."""


def kind_of(slug: str) -> Kind:
    """Raises KindUnknown."""
    try:
        return KINDS[slug]
    except KeyError as error:
        raise KindUnknown(slug) from error
