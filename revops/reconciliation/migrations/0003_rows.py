"""What a run needs beside what was sketched, and whose rows a database session sees."""

import django.db.models.deletion
from django.db import migrations, models

from revops.store import guards

OPEN = f"legal_entity_id IS NULL OR {guards.entity()}"


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0002_what_people_matched"),
        ("accounts", "0003_database_roles"),
    ]

    operations = [
        migrations.AddField("break", "at_stake", models.BigIntegerField(default=0)),
        migrations.AddField("run", "touched", models.PositiveIntegerField(null=True)),
        migrations.AddIndex(
            "holding",
            models.Index(
                fields=["connection", "kind", "touched_at"], name="reconciliation_holding_changed"
            ),
        ),
        migrations.AlterField(
            "rule",
            "version",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rules",
                to="reconciliation.ruleversion",
            ),
        ),
        guards.scoped("reconciliation_rule", OPEN),
        guards.scoped("reconciliation_holding", guards.entity()),
        *(
            guards.scoped(f"reconciliation_{table}", guards.entity())
            for table in ("run", "break", "match", "draft", "signoff")
        ),
        guards.scoped(
            "reconciliation_matchitem", guards.through("match_id", "reconciliation_match")
        ),
        guards.never_deleted(
            "reconciliation_run",
            "reconciliation_break",
            "reconciliation_match",
            "reconciliation_matchitem",
            "reconciliation_signoff",
            "reconciliation_ruleversion",
        ),
    ]
