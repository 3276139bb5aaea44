"""What the last run read, key by key; the key of a break; rows of one amount."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from revops.store import guards

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# Made anew by the next run, so nothing of it has to outlive a crash.
UNLOGGED = """
ALTER TABLE reconciliation_kept SET UNLOGGED;
ALTER TABLE reconciliation_footing SET UNLOGGED;
"""
LOGGED = """
ALTER TABLE reconciliation_footing SET LOGGED;
ALTER TABLE reconciliation_kept SET LOGGED;
"""

KEYS = """
UPDATE reconciliation_break
SET key = left(coalesce("left" -> 0 ->> 'key', "right" -> 0 ->> 'key', ''), 120)
"""


def parent(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to=model,
        **options,
    )


def numbers() -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0001_initial"),
        ("reconciliation", "0006_keys_in_their_order"),
    ]

    operations = [
        migrations.CreateModel(
            "Footing",
            fields=[
                ("id", ID),
                ("period_code", models.CharField(max_length=12)),
                ("parts", models.PositiveIntegerField()),
                ("totals", models.JSONField()),
                ("legal_entity", parent("mappings.legalentity")),
                ("pair", parent("reconciliation.pair")),
                ("run", parent("reconciliation.run")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("pair", "legal_entity", "period_code"),
                        name="reconciliation_footing_once",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "Kept",
            fields=[
                ("id", ID.clone()),
                ("part", models.PositiveIntegerField()),
                ("side", models.CharField(max_length=5)),
                ("currency", models.CharField(max_length=3)),
                ("items", numbers()),
                ("keys", numbers()),
                ("amounts", numbers()),
                ("folds", numbers()),
                ("footing", parent("reconciliation.footing", db_constraint=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("footing", "part", "side", "currency"),
                        name="reconciliation_kept_once",
                    )
                ]
            },
        ),
        migrations.RunSQL(UNLOGGED, LOGGED),
        guards.scoped("reconciliation_footing", guards.entity()),
        guards.scoped(
            "reconciliation_kept", guards.through("footing_id", "reconciliation_footing")
        ),
        migrations.AddIndex(
            "holding",
            models.Index(
                fields=["connection", "kind", "amount"], name="reconciliation_holding_amounts"
            ),
        ),
        migrations.AddField("break", "key", models.CharField(blank=True, max_length=120)),
        migrations.RunSQL(KEYS, migrations.RunSQL.noop),
    ]
