"""People, their roles and accounts, what is lent in an emergency, and service tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from accounts.roles import Role
from revops.kernel import clock

if TYPE_CHECKING:
    from accounts.authority import Held


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, name: str, password: str | None = None) -> User:
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """
    A person. What they may do follows from their assignments alone; nobody is a superuser. One
    account may be nobody's: the emergency account, whose password lies sealed since ``sealed_at``
    (``operations.sealed``).
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=8, default="auto")
    density = models.CharField(max_length=12, default="compact")
    numbers = models.CharField(max_length=8, default="comma")
    shortcuts = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sealed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    # Read once for a request by ``authority`` and ``identities``; no columns.
    _roles_in_force: tuple[Held, ...] | None = None
    _lent: Mapping[int, list[str]] = MappingProxyType({})
    _accounts_of_person: frozenset[int] | None = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.ExpressionWrapper(
                    Q(sealed_at__isnull=False), output_field=models.BooleanField()
                ),
                condition=Q(sealed_at__isnull=False),
                name="accounts_one_emergency_account",
            )
        ]

    def __str__(self) -> str:
        return self.name


class EntityGroup(models.Model):
    """Legal entities that are named together, by their codes: a region, a holding."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    entities = ArrayField(models.CharField(max_length=24))

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """
    A role that a person holds from ``valid_from`` until before ``valid_to``: for one legal entity
    by its code, for a group of them, or, with neither, for all.

    ``granted_by`` asked for it and ``approved_by`` agreed; both are empty for the first
    administrator, whom ``manage.py first_administrator`` makes, and for the people of a demo.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in Role])
    legal_entity = models.CharField(max_length=24, blank=True)
    group = models.ForeignKey(
        EntityGroup, on_delete=models.PROTECT, related_name="assignments", null=True, blank=True
    )
    valid_from = models.DateTimeField(default=clock.now)
    valid_to = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    reason = models.CharField(max_length=300, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "user",
                "role",
                "legal_entity",
                Coalesce("group", models.Value(0, models.BigIntegerField())),
                condition=Q(valid_to__isnull=True),
                name="accounts_one_assignment_each",
            ),
            models.CheckConstraint(
                condition=Q(group__isnull=True) | Q(legal_entity=""),
                name="accounts_assignment_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="accounts_assignment_forward",
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True, approved_by__isnull=True)
                | (
                    Q(granted_by__isnull=False, approved_by__isnull=False)
                    & ~Q(granted_by=F("approved_by"))
                    & ~Q(granted_by=F("user"))
                    & ~Q(approved_by=F("user"))
                ),
                name="accounts_assignment_two_others",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} for {self.scope_label}"

    @property
    def scope_label(self) -> str:
        """“all entities”, a group's name or an entity's code."""
        if self.group_id is not None:
            return str(self.group)
        return self.legal_entity or "all entities"


class BreakGlass(models.Model):
    """
    Rights lent for at most an hour: asked for by one person, granted by another, for named
    actions only (``roles.LENT_IN_EMERGENCY``), and looked at afterwards by somebody else.

    The emergency account's have no ``granted_by``: its password opens them. One without ``actions``
    never opened anything: somebody tried to sign in to that account.
    """

    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="emergencies")
    asked_at = models.DateTimeField(default=clock.now)
    actions = ArrayField(models.CharField(max_length=40))
    reason = models.CharField(max_length=500)
    minutes = models.PositiveSmallIntegerField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    granted_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    reviewed_at = models.DateTimeField(null=True)
    review = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=60), name="accounts_glass_one_hour"
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("asked_by")),
                name="accounts_glass_two_people",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("asked_by")),
                name="accounts_glass_reviewed_by_other",
            ),
            models.CheckConstraint(
                condition=Q(granted_at__isnull=True, ends_at__isnull=True)
                | Q(
                    granted_at__isnull=False,
                    ends_at__isnull=False,
                    ends_at__lte=F("granted_at") + timedelta(hours=1),
                ),
                name="accounts_glass_ends",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_at"],
                name="accounts_glass_unreviewed",
                condition=Q(reviewed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"BG-{self.pk}"


class SamePerson(models.Model):
    """
    Two accounts that are one person's, from ``since`` on, as ``said_by`` found; until somebody who
    is not that person says with a reason that they are not.
    """

    first = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(default=clock.now)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                condition=Q(until__isnull=True),
                name="accounts_tied_once",
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="accounts_tie_in_one_order"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(until__gte=F("since"), ended_by__isnull=False) & ~Q(end_reason="")),
                name="accounts_tie_ends_with_reason",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="accounts_tie_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"


class ServiceToken(models.Model):
    """A machine's credential: only its digest is kept; the token itself is shown once."""

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40))
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
