"""The sign-in form."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from accounts import patience


class SignInForm(AuthenticationForm):
    """
    Email and password. One sentence for a wrong password, an unknown email and a deactivated
    person alike; ``wait`` is set when there were too many tries, and then nothing was checked.
    """

    error_messages = {  # noqa: RUF012  Django declares it as a plain dict
        "invalid_login": "That e-mail and password do not go together.",
        "inactive": "That e-mail and password do not go together.",
    }

    wait = 0

    def clean_username(self) -> str:
        email: str = self.cleaned_data["username"]
        return email.strip().lower()

    def clean(self) -> dict[str, Any]:
        email = self.cleaned_data.get("username", "")
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        self.wait = patience.seconds_to_wait(email=email, address=address)
        if self.wait:
            minutes = -(-self.wait // 60)
            raise ValidationError(
                f"Too many tries. Wait {minutes} minute{'s' if minutes > 1 else ''}, then try "
                "again.",
                code="wait",
            )
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            patience.failed(email=email, address=address)
            raise
        patience.succeeded(email=email, address=address)
        return cleaned
