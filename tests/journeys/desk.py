"""A person at the console over HTTP: what a page says, and its forms pressed by a button's id."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin

import httpx
from django.conf import settings
from django.test import Client

from accounts.models import User


@dataclass
class _Form:
    """
    What a browser would send, but for the button; ``buttons`` by id: whether it can be pressed, and
    what it adds. ``boxes`` are all that can be ticked.
    """

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[bool, tuple[str, str]]] = field(default_factory=dict)
    boxes: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.by_id: dict[str, _Form] = {}
        self.words: list[str] = []
        self._inside: _Form | None = None
        self._select = self._area = ""
        self._chosen: list[tuple[str, bool]] = []
        self._text = ""
        self._off = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "noscript"):
            self._off += 1
        form = self.by_id.get(got.get("form", ""), self._inside)
        if tag == "form":
            self._inside = _Form(got.get("action", ""), got.get("method", "get").lower())
            self.forms.append(self._inside)
            if "id" in got:
                self.by_id[got["id"]] = self._inside
        elif form is None:
            return
        elif tag == "input" and got.get("name") and "disabled" not in got:
            pair = (got["name"], got.get("value", ""))
            if got.get("type") in ("checkbox", "radio"):
                form.boxes.append(pair)
            if got.get("type") not in ("checkbox", "radio", "file") or "checked" in got:
                form.fields.append(pair)
        elif tag == "button" and "id" in got:
            form.buttons[got["id"]] = (
                "disabled" not in got, (got.get("name", ""), got.get("value", ""))
            )  # fmt: skip
        elif tag == "select":
            self._select, self._chosen = got.get("name", ""), []
        elif tag == "option" and self._select:
            self._chosen.append((got.get("value", ""), "selected" in got))
        elif tag == "textarea":
            self._area, self._text = got.get("name", ""), ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data
        elif not self._off:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "noscript"):
            self._off -= 1
        elif tag == "form":
            self._inside = None
        elif tag == "select" and self._inside is not None and self._chosen:
            picked = [value for value, marked in self._chosen if marked] or [self._chosen[0][0]]
            self._inside.fields.append((self._select, picked[-1]))
            self._select = ""
        elif tag == "textarea" and self._inside is not None:
            self._inside.fields.append((self._area, self._text.lstrip("\n")))
            self._area = ""


@dataclass
class Seen:
    """A page as it came. ``text`` has its words with single spaces."""

    address: str
    text: str
    content: bytes
    forms: list[_Form]

    def can(self, button: str) -> bool:
        """Whether it has this button, and it can be pressed."""
        return any(form.buttons.get(button, (False,))[0] for form in self.forms)

    def form_of(self, button: str, *, although: bool = False) -> _Form:
        found = next((form for form in self.forms if button in form.buttons), None)
        assert found is not None, f"{self.address} has no button “{button}”: {self.text}"
        assert although or found.buttons[button][0], f"“{button}” is off: {self.text}"
        return found

    def boxes(self, name: str) -> list[str]:
        """The values of what can be ticked under a name."""
        return [value for form in self.forms for key, value in form.boxes if key == name]


class Desk:
    """Somebody of the demo company, signed in: ``with Desk(url, "priya") as priya``."""

    def __init__(self, url: str, name: str) -> None:
        client = Client()
        client.force_login(User.objects.get(email=f"{name}@demo.example"))
        cookie = settings.SESSION_COOKIE_NAME
        self._http = httpx.Client(
            base_url=url, trust_env=False, timeout=30, follow_redirects=True,
            cookies={cookie: client.cookies[cookie].value},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def see(self, address: str, *, status: int = 200) -> Seen:
        return _seen(self._http.get(address), status)

    def press(
        self,
        page: Seen,
        button: str,
        *,
        status: int = 200,
        file: tuple[str, bytes] | None = None,
        although: bool = False,
        **typed: Any,
    ) -> Seen:
        """
        Fill in ``typed`` (a list ticks several) and press. ``status`` is that of the answer;
        ``although`` presses what the page has switched off.
        """
        form = page.form_of(button, although=although)
        given = {key: one if isinstance(one, list) else [one] for key, one in typed.items()}
        sent: dict[str, list[str]] = {}
        for name, value in [*form.fields, form.buttons[button][1]]:
            if name and name not in given:
                sent.setdefault(name, []).append(value)
        sent |= {name: [str(one) for one in values] for name, values in given.items()}
        action = urljoin(page.address, form.action or page.address)
        if form.method == "get":
            return _seen(self._http.get(action, params=sent), status)
        files = {"file": file} if file else None
        return _seen(self._http.post(action, data=sent, files=files), status)

    def on(self, address: str, button: str, **typed: Any) -> Seen:
        """See a page and press a button of it."""
        return self.press(self.see(address), button, **typed)


def _seen(answer: httpx.Response, status: int) -> Seen:
    html = "html" in answer.headers.get("content-type", "")
    page = answer.text if html else ""
    return read(str(answer.url), answer.status_code, page, answer.content, status)


def read(address: str, code: int, html: str, content: bytes, status: int) -> Seen:
    """A page as somebody has it before them; ``status`` is the one that it must have."""
    found = _Forms()
    found.feed(html)
    words = " ".join(" ".join(found.words).replace("\N{NO-BREAK SPACE}", " ").split())
    assert code == status, f"{code} of {address}: {words}"
    return Seen(address, words, content, found.forms)
