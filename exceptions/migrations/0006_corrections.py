"""What people corrected of events, seen by whoever sees the case."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0003_one_index_each"),
        ("exceptions", "0005_tally_of_owners"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("changes", models.JSONField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for approval"),
                            ("sent", "Sent"),
                            ("refused", "Not agreed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("request", models.BigIntegerField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="exceptions.case",
                    ),
                ),
                (
                    "corrected",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.inboundevent",
                    ),
                ),
                (
                    "original",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.inboundevent",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("case",),
                        name="exceptions_one_correction_waits",
                    )
                ],
            },
        ),
        guards.scoped("exceptions_correction", guards.through("case_id", "exceptions_case")),
    ]
