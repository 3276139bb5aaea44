"""
A journal into the general ledger, which takes three steps of Fusion's own:

1. *uploaded*: the file is taken and a request has a number. That proves nothing else: with a wrong
   UCM account, job or right the request ends well and nothing is there.
2. *imported*: a batch with our key in its name exists, unposted. One line with an error, and
   nothing of its group is imported; so each journal is a group of its own.
3. *posted*: the batch's status says so. Automatic posting does that, by its schedule or when asked.

Between them the outcome is not known yet. Whoever asks again with the request's number is told how
it stands; nothing is uploaded a second time while a request is known.

An upload that was not answered has a request whose number nobody knows. It may wait in the queue
for as long as it likes: that nothing is there is believed once none of our imports is under way.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from datetime import UTC, datetime
from typing import Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.oracle_fusion import fbdi, refusals, wire
from connectors.systems.oracle_fusion.wire import Fusion
from revops.kernel.clock import now

REQUEST: Final = "request:"
SOON_S: Final = 20
POSTING_S: Final = 60
_NONE: Final = "-1"
_IMPORT: Final = "/oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher"
_PACKAGE: Final = "/oracle/apps/ess/financials/generalLedger/programs/common/"
# Of Enterprise Scheduler: all in which a request may still do something.
_UNDER_WAY: Final = (
    *("WAIT", "READY", "RUNNING", "BLOCKED", "HOLD", "PAUSED", "CANCELLING"),
    *("PENDING_VALIDATION", "ERROR_AUTO_RETRY"),
)
_IMPORTS: Final = ("InterfaceLoader", "JournalImport")
# Nobody asks whether something is there before the settle window is over. What was begun later than
# this is nothing that was sent before it.
RECENT_S: Final = 300
_GOOD: Final = frozenset(("SUCCEEDED", "FINISHED", "WARNING"))
_BAD: Final = frozenset(
    (
        *("ERROR", "ERROR MANUAL RECOVERY", "VALIDATION FAILED", "CANCELED", "CANCELLED"),
        *("EXPIRED", "FAILED", "ABORTED"),
    )
)
_LOG_CAP: Final = 2_000_000


async def upload(fusion: Fusion, archive: bytes, parameters: str) -> str:
    """The number of the request that loads and imports the file. Raises Problem."""
    body = {
        "OperationName": "importBulkData",
        "DocumentContent": base64.b64encode(archive).decode("ascii"),
        "ContentType": "zip",
        "FileName": fbdi.ZIP,
        "DocumentAccount": fusion.document_account,
        "JobName": _IMPORT,
        "ParameterList": parameters,
        "CallbackURL": "#NULL",
        "NotificationCode": "10",
        "JobOptions": "ExtractFileType=ALL",
    }
    return _request(await fusion.create("erpintegrations", body), "the file")


async def autopost(fusion: Fusion) -> None:
    """Let the criteria set of the connection be posted now. Raises Problem."""
    body = {
        "OperationName": "submitESSJobRequest",
        "JobPackageName": _PACKAGE,
        "JobDefName": "AutomaticPosting",
        "ESSParameters": fusion.autopost,
        "ReqstId": None,
    }
    _request(await fusion.create("erpintegrations", body), "the request to post")


def _request(said: wire.Row, what: str) -> str:
    try:
        number = wire.text(said, "ReqstId")
    except Problem as problem:
        raise Problem(Outcome.IN_DOUBT, problem.code, problem.reason) from problem
    if number == _NONE or not number.isdecimal():
        reason = f"Fusion did not take {what}: the job is unknown, or the user may not run it."
        raise Problem(Outcome.REFUSED, "upload_refused", reason)
    return number


async def ended(fusion: Fusion, request: str) -> bool:
    """
    Whether a request has ended, well or badly; False while it is under way. Raises Problem.

    A status that is not known counts as under way, and so does PAUSED: a parent waits for its
    children with it.
    """
    rows = await fusion.finder("ESSJobStatusRF", requestId=request)
    status = str(rows[0].get("RequestStatus") or "").upper() if rows else ""
    return status in _GOOD or status in _BAD


async def goes_on(fusion: Fusion, request: str) -> bool:
    """
    Whether something that an ended request began is still under way. False as well where the user
    may not see that. Raises Problem.
    """
    try:
        rows = await fusion.scheduled(f"absParentRequestId eq {request}")
    except Problem as problem:
        if problem.outcome is not Outcome.AUTH:
            raise
        return False
    return any(str(row.get("state") or "").upper() in _UNDER_WAY for row in rows)


async def all_over(fusion: Fusion) -> None:
    """
    Returns when none of our imports is under way that may be of an upload whose answer was lost;
    raises Problem when one is, or when the user may not see it.
    """
    states = " or ".join(f'state eq "{state}"' for state in _UNDER_WAY)
    try:
        rows = await fusion.scheduled(f'submitter eq "{fusion.username}" and ({states})')
    except Problem as problem:
        if problem.outcome is not Outcome.AUTH or problem.code == "credentials_refused":
            raise
        reason = (
            "Fusion does not show the console its scheduled processes. Whether an upload that was "
            "not answered is still in the queue cannot be told: give the user that right."
        )
        raise Problem(Outcome.AUTH, "scheduler_hidden", reason, status=problem.status) from problem
    waiting = [wire.text(row, "requestId") for row in rows if _may_be_ours(row)]
    if waiting:
        reason = (
            f"Fusion still works on {', '.join(waiting[:5])}, one of which may be this import; "
            "nothing is sent again before they have ended."
        )
        raise Problem(Outcome.TRANSIENT, "importing", reason)


def _may_be_ours(row: wire.Row) -> bool:
    """An import, or what does not say what it is, that was not begun a moment ago."""
    job = str(row.get("jobDefinitionId") or "")
    if job and not any(name in job for name in _IMPORTS):
        return False
    try:
        begun = datetime.fromisoformat(str(row.get("submissionTime") or ""))
    except ValueError:
        return True
    begun = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
    return (now() - begun).total_seconds() > RECENT_S


async def why_not(fusion: Fusion, request: str) -> Problem:
    """What the log of a request says that has ended and left no batch."""
    log = ""
    try:
        rows = await fusion.finder("ESSJobExecutionDetailsRF", requestId=request, fileType="LOG")
        log = _unpacked(str(rows[0].get("DocumentContent") or "")) if rows else ""
    except Problem as problem:
        if problem.outcome is not Outcome.AUTH:
            raise
    code, reason = refusals.of_import(log, request)
    return Problem(Outcome.REFUSED, code, reason, excerpt=log[:500])


def _unpacked(content: str) -> str:
    """The texts of a ZIP in Base64, as much of them as is worth reading."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(base64.b64decode(content, validate=True)))
        texts = []
        left = _LOG_CAP
        for item in packed.infolist():
            with packed.open(item) as held:
                raw = held.read(max(left, 0))
            left -= len(raw)
            texts.append(raw.decode("utf-8", "replace"))
    except (binascii.Error, ValueError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return ""
    return "\n".join(texts)
