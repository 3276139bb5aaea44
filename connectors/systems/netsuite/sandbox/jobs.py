"""Asynchronous requests of the sandbox: taken once for a key, done, and asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import JSONResponse, Response

_PLACE: Final = "/services/rest/async/v1/job"
_TYPE: Final = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.10"


class Jobs:
    """``held``: new jobs stay pending until ``finish``."""

    def __init__(self) -> None:
        self.held = False
        self._keys: dict[str, str] = {}
        self._work: dict[str, Callable[[], Response]] = {}
        self._done: dict[str, Response] = {}

    def of_key(self, key: str) -> str:
        return self._keys.get(key, "")

    def taken(self, key: str, work: Callable[[], Response]) -> Response:
        job = str(len(self._work) + 1)
        self._work[job] = work
        if key:
            self._keys[key] = job
        if not self.held:
            self._done[job] = work()
        headers = {"preference-applied": "respond-async", "location": f"{_PLACE}/{job}"}
        return Response(status_code=202, headers=headers, media_type="application/json")

    def conflict(self, job: str) -> Response:
        detail = (
            "A request with the same idempotency key is already submitted. See the “Location” "
            "header for a link to the previously submitted job"
        )
        details = [{"detail": detail, "o:errorCode": "IDEMPOTENCY_ERROR"}]
        told = {"type": _TYPE, "title": "Conflict", "status": 400, "o:errorDetails": details}
        headers = {"preference-applied": "respond-async", "location": f"{_PLACE}/{job}"}
        return JSONResponse(told, 400, headers)

    def finish(self) -> int:
        """Do what is pending; how many there were."""
        pending = [job for job in self._work if job not in self._done]
        for job in pending:
            self._done[job] = self._work[job]()
        return len(pending)

    def shown(self, job: str, *, task: bool, result: bool) -> Response:
        if job not in self._work:
            return Response(status_code=404)
        done = self._done.get(job)
        if result:
            return done if done is not None else Response(status_code=404)
        progress = "pending"
        if done is not None:
            progress = "succeeded" if done.status_code < 300 else "failed"
        told: dict[str, Any] = {"links": [], "id": job, "completed": done is not None}
        told["progress"] = progress
        if task:
            told = {"links": [], "count": 1, "hasMore": False, "items": [{"id": "1", "links": []}]}
        return JSONResponse(told)
