"""
What a mail server's replies mean: the code and its enhanced status (RFC 3463, 5248), and at which
step of the conversation it was said. The same 550 is about a mail after RCPT, and about us before.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from connectors.contract import Outcome
from connectors.problem import Problem
from revops.kernel.sight import mask_addresses

REFUSED: Final = "credentials_refused"
# A server that has had enough of us names no time: a minute is what most of them count in.
WAIT_S: Final = 60
_ENHANCED: Final = re.compile(r"([245])\.([0-9]{1,3}\.[0-9]{1,3})(?:\s|$)", re.ASCII)
# RFC 4954, RFC 5248: who signs in, how, and whether that is encrypted.
_SIGN_IN: Final = frozenset({"7.8", "7.9", "7.11", "7.12", "7.13", "7.14"})
# RFC 7372 and 7505: the domain of the sender does not prove itself (DKIM, SPF, DMARC, reverse DNS).
_UNPROVEN: Final = frozenset({"7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27"})
_FLOOD: Final = "7.28"
_TOO_LARGE: Final = frozenset({"2.3", "3.4"})
_NO_MAILBOX: Final = frozenset(
    {"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.9", "1.10", "2.0", "2.1"}
)
_MAILBOX_FULL: Final = "2.2"


class Step(enum.Enum):
    GREETING = "greeting"
    ENCRYPTION = "encryption"
    SIGN_IN = "sign-in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Answer:
    """``text`` has a line for each line of the reply, without its code."""

    code: int
    text: str

    @property
    def status(self) -> str:
        """Subject and detail of the enhanced status, such as ``7.1``; “” when there is none."""
        found = _ENHANCED.match(self.text)
        return found[2] if found and found[1] == str(self.code)[:1] else ""

    @property
    def said(self) -> str:
        """The words, in one line; they may name whom the mail was to, which is masked."""
        lines = [_ENHANCED.sub("", line, count=1).strip() for line in self.text.splitlines()]
        words = " ".join(line for line in lines if line)[:300].rstrip(".")
        return str(mask_addresses(words)) or str(self.code)


def good(answer: Answer, step: Step, *codes: int) -> Answer:
    """The answer when it has one of the codes. Raises Problem."""
    if answer.code in codes:
        return answer
    raise problem(answer, step)


def problem(answer: Answer, step: Step) -> Problem:
    """4xx: not now. 5xx: never, and it is either about us or about this mail."""
    if 400 <= answer.code < 500:
        return _later(answer, step)
    if 500 <= answer.code < 600:
        return _never(answer, step)
    reason = f"The mail server answered something unexpected: {answer.code} {answer.said}."
    return _of(Outcome.TRANSIENT, "unexpected", reason, answer)


def _later(answer: Answer, step: Step) -> Problem:
    subject = answer.status.partition(".")[0]
    if answer.code == 432:
        return _refuses_us(REFUSED, "does not accept the sign-in", answer)
    if answer.code == 421 and subject == "7" or answer.status == _FLOOD:
        reason = f"The mail server asks us to slow down: {answer.said}."
        return _of(Outcome.THROTTLED, "throttled", reason, answer, WAIT_S)
    of_the_mail = step in (Step.SENDER, Step.RECIPIENT, Step.CONTENT)
    if of_the_mail and answer.code in (450, 451, 452):
        # One mail's own trouble, such as greylisting or a full mailbox: no other one waits long.
        code = "mailbox_full" if answer.status == _MAILBOX_FULL else "put_off"
        reason = f"The mail server puts this mail off: {answer.said}."
        return _of(Outcome.THROTTLED, code, reason, answer)
    reason = f"The mail server cannot take mail now: {answer.said}."
    return _of(Outcome.TRANSIENT, "not_now", reason, answer)


def _never(answer: Answer, step: Step) -> Problem:
    if step is Step.GREETING:
        return _refuses_us("turned_away", "does not talk to us", answer)
    if step is Step.ENCRYPTION:
        return _refuses_us("tls_refused", "refuses to encrypt", answer)
    if step is Step.SIGN_IN or answer.code in (530, 534, 535, 538):
        return _refuses_us(REFUSED, "does not accept the sign-in", answer)
    if answer.status in _UNPROVEN:
        return _refuses_us("sender_unproven", "does not believe the sender's domain", answer)
    if answer.status == _FLOOD:
        reason = f"The mail server asks us to slow down: {answer.said}."
        return _of(Outcome.THROTTLED, "throttled", reason, answer, WAIT_S)
    if answer.status in _TOO_LARGE or (answer.code == 552 and not answer.status):
        return _of(
            Outcome.REFUSED, "too_large", f"The mail is too large there: {answer.said}.", answer
        )
    if step is Step.SENDER:
        return _refuses_us("sender_refused", "does not take mail from this sender", answer)
    if answer.status in _SIGN_IN or _relays_not(answer, step):
        return _refuses_us("sender_refused", "does not pass on mail for us", answer)
    return _of(
        Outcome.REFUSED, _about(answer, step),
        f"The mail server refuses this mail: {answer.said}.", answer,
    )  # fmt: skip


def _relays_not(answer: Answer, step: Step) -> bool:
    """“Relaying denied” has no status of its own; it is said of whoever has not signed in."""
    return step is Step.RECIPIENT and re.search(r"\brelay", answer.text, re.IGNORECASE) is not None


def _about(answer: Answer, step: Step) -> str:
    if answer.status == _MAILBOX_FULL:
        return "mailbox_full"
    if answer.status in _NO_MAILBOX or (step is Step.RECIPIENT and answer.code in (550, 556)):
        return "no_mailbox" if not answer.status.startswith("7.") else "mail_refused"
    return "content_refused" if step is Step.CONTENT else "mail_refused"


def _refuses_us(code: str, does: str, answer: Answer) -> Problem:
    return _of(Outcome.AUTH, code, f"The mail server {does}: {answer.said}.", answer)


def _of(
    outcome: Outcome, code: str, reason: str, answer: Answer, wait: int | None = None
) -> Problem:
    excerpt = str(mask_addresses(answer.text[:300]))
    return Problem(outcome, code, reason, status=answer.code, excerpt=excerpt, retry_after=wait)
