"""What is typed to sign in, and to choose a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts import patience
from accounts.models import User


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


class NewPasswordForm(forms.Form):
    """A password, typed once: what is typed can be shown, and length beats a second typing."""

    password = forms.CharField(
        label="New password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 15 characters. Four words that do not belong together are good.",
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class ChangePasswordForm(NewPasswordForm):
    """The one before as well; wrong ones count like those of the sign-in page."""

    current = forms.CharField(
        label="Current password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current", "password")

    def __init__(self, user: User, *args: Any, address: str, **kwargs: Any) -> None:
        self.address = address
        super().__init__(user, *args, **kwargs)

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        email = self.user.email
        if wait := patience.seconds_to_wait(email=email, address=self.address):
            raise ValidationError(f"Too many tries. Wait {wait} seconds.")
        if not self.user.check_password(current):
            patience.failed(email=email, address=self.address)
            raise ValidationError("That is not your password.")
        return current
