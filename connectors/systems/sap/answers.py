"""
What SAP's answers mean. Two traps of the SOAP service: 200 may carry a log of errors, and 500 with
a SOAP fault is a request that could not be read, which stays so when it is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import answers
from connectors.answers import evidence
from connectors.contract import Outcome, PayloadUnreadable
from connectors.http import Answer
from connectors.problem import Problem
from connectors.systems.sap import xml
from connectors.systems.sap.confirming import ERROR, Note

THROTTLED_S: Final = 60
_SYSTEM: Final = "SAP"
# Lines of a log that only say that there are others.
_GENERAL: Final = ("609(RW)", "614(RW)")
_KNOWN: Final[tuple[tuple[str, str, str], ...]] = (
    (r"201\(F5\)|[Pp]osting period .* is not open", "period_closed", "{told}"),
    (r"507\(F5\)|004\(FH\)|506\(F5\)|is not defined in chart of accounts", "account_unknown",
     "{told}"),
    (r"102\(F5\)|[Cc]ustomer .* is not defined in company code", "party_missing", "{told}"),
    (r"702\(F5\)|[Bb]alance in transaction currency|must be zero", "unbalanced",
     "SAP says that debits and credits are not equal: {told}"),
    (r"is (currently )?(being processed|locked) by|locked by user", "locked",
     "SAP was busy with another posting; it is tried again."),
    (r"[Ff]iscal year|[Nn]o posting period", "period_missing", "{told}"),
    (r"[Nn]o authori[sz]ation", "forbidden", "The communication user may not post this: {told}"),
)  # fmt: skip


def of_soap(answer: Answer) -> xml.Element:
    """The envelope of a 200. Raises Problem."""
    if answer.status == 200:
        try:
            root = xml.read(answer.body)
        except xml.Unreadable as error:
            raise _garbled(answer, write=True) from error
        fault = root.find("Fault")
        if fault is None:
            return root
        raise _fault(fault, answer)
    if answer.status == 500:
        try:
            fault = xml.read(answer.body).find("Fault")
        except xml.Unreadable:
            fault = None
        if fault is not None:
            raise _fault(fault, answer)
    raise _status(answer, write=True)


def of_odata(answer: Answer, *, write: bool) -> Any:
    """The ``d`` of an OData 2 answer, None for 204. Raises Problem."""
    if answer.status == 204:
        return None
    if answer.status in (200, 201):
        said = answers.read(answer, _SYSTEM, write=write)
        if isinstance(said, Mapping) and "d" in said:
            return said["d"]
        raise _garbled(answer, write=write)
    raise _status(answer, write=write)


def refusal(notes: Sequence[Note], excerpt: str) -> Problem:
    """What a log of errors means; nothing was posted."""
    errors = [note for note in notes if note.severity == ERROR] or list(notes)
    telling = [note for note in errors if note.type not in _GENERAL] or errors
    for note in telling:
        for pattern, code, words in _KNOWN:
            if re.search(pattern, f"{note.type} {note.text}"):
                outcome = {"locked": Outcome.TRANSIENT, "forbidden": Outcome.AUTH}.get(
                    code, Outcome.REFUSED
                )
                told = f"SAP: {note.text.rstrip('.')}."
                return Problem(outcome, code, words.format(told=told), status=200, excerpt=excerpt)
    told = "; ".join(dict.fromkeys(note.text for note in telling)) or "without a reason"
    return Problem(
        Outcome.REFUSED, "refused", f"SAP refused it: {told[:300]}.", status=200, excerpt=excerpt
    )


def _fault(fault: xml.Element, answer: Answer) -> Problem:
    words = fault.said("faultstring") or fault.said("Reason", "Text")
    reason = f"SAP could not read the request, and will not another time: {words[:200]}"
    return Problem(Outcome.REFUSED, "malformed", reason, **evidence(answer))


def _status(answer: Answer, *, write: bool) -> Problem:
    status, told = answer.status, evidence(answer)
    if status == 401:
        reason = "SAP does not accept the communication user or its password."
        return Problem(Outcome.AUTH, "credentials_refused", reason, **told)
    if status == 403:
        required = answer.headers.get("x-csrf-token", "").lower() == "required"
        if required or "csrf" in told["excerpt"].lower():
            reason = "SAP did not accept the token that guards its writes; it is fetched anew."
            return Problem(Outcome.TRANSIENT, "csrf", reason, **told)
        reason = "The communication user may not do this in SAP; see its arrangements."
        return Problem(Outcome.AUTH, "forbidden", reason, **told)
    if status == 404:
        reason = "SAP has no such record, or its communication arrangement is missing."
        return Problem(Outcome.REFUSED, "not_found", reason, **told)
    if status == 429:
        return answers.throttled(answer, "SAP asks us to slow down.", otherwise=THROTTLED_S)
    if status in (409, 412, 428):
        reason = "Somebody changed this in SAP meanwhile; it is tried again."
        return Problem(Outcome.TRANSIENT, "changed", reason, **told)
    if 300 <= status < 400:
        return Problem(
            Outcome.TRANSIENT, "redirected", "SAP's address leads to a sign-in page.", **told
        )
    if 400 <= status < 500 and status not in (408, 425):
        words = message(answer) or told["excerpt"] or str(status)
        return Problem(Outcome.REFUSED, "refused", f"SAP refused it: {words[:300]}", **told)
    return answers.failed(answer, _SYSTEM, write=write)


def message(answer: Answer) -> str:
    """The text of ``{"error": {"code", "message": {"lang", "value"}}}``."""
    try:
        said = answer.json()
    except PayloadUnreadable:
        return ""
    error = said.get("error") if isinstance(said, Mapping) else None
    words = error.get("message") if isinstance(error, Mapping) else None
    return str(words.get("value") or "") if isinstance(words, Mapping) else ""


def _garbled(answer: Answer, *, write: bool) -> Problem:
    reason = "SAP's answer could not be read."
    return Problem(answers.unclear(write=write), "garbled", reason, **evidence(answer))
