"""Configured connections and their secrets."""

from __future__ import annotations

import secrets as random_secrets

from django.db import models
from django.db.models import Q


def new_public_id() -> str:
    """The opaque part of a webhook address: it names the connection and tells nothing."""
    return random_secrets.token_urlsafe(18)


class Environment(models.TextChoices):
    SANDBOX = "sandbox", "Sandbox"
    PRODUCTION = "production", "Production"


class ConnectionState(models.TextChoices):
    DRAFT = "draft", "Being set up"
    LIVE = "live", "In use"
    RETIRED = "retired", "Taken out of use"


class Connection(models.Model):
    """
    A configured connector: where it is, how it is spoken to, and as whom. Only what is live is sent
    to, polled and listened to. ``agreed_url`` is the address that two people agreed to last.
    """

    slug = models.SlugField(max_length=60, unique=True)
    connector = models.SlugField(max_length=60)
    label = models.CharField(max_length=120)
    environment = models.CharField(max_length=12, choices=Environment)
    base_url = models.CharField(max_length=300)
    account = models.CharField(max_length=120, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    public_id = models.CharField(max_length=40, unique=True, default=new_public_id)
    control_url = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=8, choices=ConnectionState, default=ConnectionState.LIVE,
        db_default=ConnectionState.LIVE,
    )  # fmt: skip
    agreed_url = models.CharField(max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label


class Secret(models.Model):
    """
    One secret of a connection, encrypted; two of a name may be valid while one is rotated.
    ``ends_on`` is the day from which the system itself takes it no more, as a person told us.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=60)
    ciphertext = models.BinaryField()
    ending = models.CharField(max_length=4)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
                name="connectors_secret_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.name} ending in {self.ending}"


class AccessToken(models.Model):
    """
    One way in which a connection signs in, and whose turn it is (``connectors.tokens``).

    ``place`` is a keyed digest of address, parameters and credentials; ``flight`` counts sign-ins.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="access_tokens", db_index=False
    )
    place = models.CharField(max_length=64)
    ciphertext = models.BinaryField(default=b"")
    renew_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    flight = models.IntegerField(default=0)
    busy_until = models.DateTimeField(null=True, blank=True)
    failed_flight = models.IntegerField(default=0)
    rest_until = models.DateTimeField(null=True, blank=True)
    failure = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "place"], name="connectors_accesstoken_one_a_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection}: access token"


class DriftKind(models.TextChoices):
    APPEARED = "appeared", "New field"
    MISSING = "missing", "Missing field"
    RETYPED = "retyped", "Another type"


class SchemaDrift(models.Model):
    """
    What a connection's system sends differs from what its connector knows (``connectors.shapes``).

    ``path`` as in ``data.object.lines[].amount``; ``known`` and ``seen`` are words for types;
    ``example`` is masked: letters are x, digits 9. ``count`` is of looks, which are sampled.
    ``accepted_by`` is the name of the person who knows of it and does not mind.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="schema_drifts", db_index=False
    )
    object_kind = models.CharField(max_length=120)
    path = models.CharField(max_length=300)
    change = models.CharField(max_length=10, choices=DriftKind)
    known = models.CharField(max_length=80, blank=True)
    seen = models.CharField(max_length=80, blank=True)
    example = models.CharField(max_length=80, blank=True)
    count = models.IntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object_kind", "path", "change", "seen"],
                name="connectors_schemadrift_one_a_difference",
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.path} {self.get_change_display().lower()}"
