"""
A journal into the general ledger, which takes three steps of Fusion's own:

1. *uploaded*: the file is taken and a request has a number. That proves nothing else: with a wrong
   UCM account, job or right the request ends well and nothing is there.
2. *imported*: a batch with our key in its name exists, unposted. One line with an error, and
   nothing of its group is imported; so each journal is a group of its own.
3. *posted*: the batch's status says so. Automatic posting does that, by its schedule or when asked.

Between them the outcome is not known yet. Whoever asks again with the request's number is told how
it stands; nothing is uploaded a second time while a request is known.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from typing import Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.systems.oracle_fusion import fbdi, refusals, wire
from connectors.systems.oracle_fusion.wire import Fusion

REQUEST: Final = "request:"
SOON_S: Final = 20
POSTING_S: Final = 60
_NONE: Final = "-1"
_IMPORT: Final = "/oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher"
_PACKAGE: Final = "/oracle/apps/ess/financials/generalLedger/programs/common/"
_GOOD: Final = frozenset(("SUCCEEDED", "FINISHED", "WARNING"))
_BAD: Final = frozenset(
    (
        *("ERROR", "ERROR MANUAL RECOVERY", "VALIDATION FAILED", "CANCELED", "CANCELLED"),
        *("EXPIRED", "FAILED", "ABORTED"),
    )
)
_LOG_CAP: Final = 2_000_000


class UnderWay(Problem):
    """Fusion works on it; ``drafted_id`` is by what it is asked about."""

    def __init__(self, code: str, reason: str, drafted_id: str, *, seconds: int) -> None:
        super().__init__(Outcome.THROTTLED, code, reason, retry_after=seconds)
        self.drafted_id = drafted_id


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
