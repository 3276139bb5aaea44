"""
The error pages, each as a page and as a fragment. Three kinds of words: your doing, somebody
else's, ours. All carry the correlation id, which a person can copy into a message.

The root URLconf names them: ``handler400`` … ``handler500``; ``CSRF_FAILURE_VIEW`` is
``revops.web.errors.csrf_failure``. They use no database and no session, so that they still stand
when those are what failed. Machine doors get problem+json (RFC 9457).
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django_htmx.http import reswap, retarget

from revops.kernel import correlation
from revops.web.htmx import wants_fragment

MACHINE_DOORS: Final = ("/api/", "/hooks/", "/healthz", "/readyz")

# status: (title, what to do now)
WORDS: Final = {
    400: ("This request can’t be read", "Something in the address or the form is not right."),
    403: ("You can’t see this", "Your roles do not include it. An administrator can change that."),
    404: ("There is no page here", "The address may be mistyped, or what it showed is gone."),
    500: ("Something broke on our side", "Look at what was done before you send it again."),
}
CSRF: Final = (
    "This form has grown old",
    "You signed in again, or cookies are off. Go back, reload the page and send it once more.",
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "400.html")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The exception's own sentence is shown when it has one: it says who may."""
    return _answer(request, 403, "403.html", text=str(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "500.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403, "403_csrf.html", title=CSRF[0], text=CSRF[1])


def _answer(
    request: HttpRequest, status: int, template: str, *, title: str = "", text: str = ""
) -> HttpResponse:
    title, text = title or WORDS[status][0], text or WORDS[status][1]
    correlation_id = getattr(request, "correlation_id", "") or correlation.current()
    if request.path.startswith(MACHINE_DOORS) or not request.accepts("text/html"):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": text}
        if correlation_id:
            problem["correlation_id"] = correlation_id
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    context: dict[str, object] = {
        "title": title,
        "text": text,
        "correlation_id": correlation_id,
        "status": status,
        # An address that was only posted to has no page to load again.
        "again": request.method in {"GET", "HEAD"},
    }
    if not wants_fragment(request):
        return HttpResponse(render_to_string(template, context), status=status)
    context["tone"] = "crit" if status >= 500 else "warn"
    response = HttpResponse(render_to_string("web/_notice.html", context), status=status)
    return reswap(retarget(response, "#status" if status >= 500 else "#notice"), "innerHTML")
