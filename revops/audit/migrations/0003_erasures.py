"""Who is to be forgotten, until they are."""

from django.db import migrations, models

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_chain"),
        ("accounts", "0003_database_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("terms", models.JSONField(null=True)),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for somebody else"),
                            ("agreed", "Being erased"),
                            ("done", "Erased"),
                            ("refused", "Not erased"),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("request", models.CharField(blank=True, max_length=24)),
                ("asked_by", models.CharField(max_length=64)),
                ("agreed_by", models.CharField(blank=True, max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("progress", models.JSONField(default=dict)),
                ("act", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True), ("state__in", ["asked", "agreed"])
                            ),
                            models.Q(("state__in", ["done", "refused"]), ("terms__isnull", True)),
                            _connector="OR",
                        ),
                        name="audit_erasure_is_forgotten_when_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["asked", "refused"]),
                            models.Q(("agreed_by__in", ["", models.F("asked_by")]), _negated=True),
                            _connector="OR",
                        ),
                        name="audit_erasure_takes_two",
                    ),
                ],
            },
        ),
        # Who is to be forgotten is seen by those who see all entities.
        guards.scoped("audit_erasure", guards.NOBODY),
    ]
