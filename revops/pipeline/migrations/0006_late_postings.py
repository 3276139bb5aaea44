"""What was agreed to post later than its closed period."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0005_one_index_for_each"),
        ("events", "0004_how_events_are_looked_for"),
        ("mappings", "0008_one_index_for_changes"),
        ("pipeline", "0005_woken_when_it_comes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LatePosting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dated", models.DateField()),
                ("job", models.BigIntegerField()),
                ("at", models.DateTimeField()),
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
                    "command",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="delivery.outboundcommand",
                    ),
                ),
                (
                    "inbound",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.inboundevent",
                    ),
                ),
                (
                    "legal_entity",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mappings.legalentity",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("command__isnull", True), ("inbound__isnull", False)),
                            models.Q(("command__isnull", False), ("inbound__isnull", True)),
                            _connector="OR",
                        ),
                        name="pipeline_late_posting_of_one",
                    )
                ],
            },
        ),
        guards.scoped("pipeline_lateposting", guards.entity()),
    ]
