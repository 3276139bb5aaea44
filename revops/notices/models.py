"""Notices, how each person wants them, and when their daily summary is due."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from revops.notices.kinds import DIGEST, KINDS, MAIL, NOT, NOW


class Way(models.TextChoices):
    """
    How far a notice is on one way out: not wanted, wanted at once or in the summary, handed to
    delivery, or dropped because it had grown too old to be of use.
    """

    NOT = NOT, "Not sent"
    NOW = NOW, "Waits to be sent"
    DIGEST = DIGEST, "Waits for the summary"
    HANDED = "handed", "Sent"
    LATE = "late", "Too old to be sent"


class Notice(models.Model):
    """
    One thing that one person is told. ``link`` is a path of this console. ``key`` is the same for
    the same news told twice, and for all whom it concerns. The ``…_at`` say when it was read, and
    when it was handed to delivery for a mail or the chat.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    kind = models.CharField(max_length=24, choices=[(k.slug, k.label) for k in KINDS.values()])
    title = models.CharField(max_length=300)
    text = models.TextField()
    link = models.CharField(max_length=300)
    entity = models.CharField(max_length=24, blank=True)
    key = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail = models.CharField(max_length=8, choices=Way, default=Way.NOT)
    chat = models.CharField(max_length=8, choices=Way, default=Way.NOT)
    mailed_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "key"], name="notices_told_once"),
        ]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notices_mine"),
            models.Index(
                fields=["recipient"], name="notices_unread", condition=Q(read_at__isnull=True)
            ),
            models.Index(
                fields=["id"], name="notices_to_send", condition=Q(mail=NOW) | Q(chat=NOW)
            ),
            models.Index(
                fields=["recipient", "id"], name="notices_for_summary", condition=Q(mail=DIGEST)
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(models.Model):
    """How one person wants to be told of one kind of thing; without a row, as the kind says."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notice_preferences",
        db_index=False,
    )
    kind = models.CharField(max_length=24)
    mail = models.CharField(max_length=8, choices=MAIL)
    chat = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="notices_one_preference"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class Summary(models.Model):
    """
    A person's daily summary: at which hour of their own zone, and when it is due next. ``sent_on``
    is the last day, in their zone, for which one was made; never two for one day.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notice_summary",
    )
    hour = models.PositiveSmallIntegerField(default=8)
    next_at = models.DateTimeField()
    sent_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="notices_summary_due")]
        constraints = [
            models.CheckConstraint(condition=Q(hour__lte=23), name="notices_hour_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"Summary of {self.person}"
