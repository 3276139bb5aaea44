"""Indexes of runs and steps, which are written for every event, made fewer and smaller."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("delivery", "0004_rows"),
        ("events", "0003_one_index_each"),
        ("mappings", "0006_rows"),
        ("pipeline", "0003_rows"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="flowrun",
            name="pipeline_run_since",
        ),
        migrations.AlterField(
            model_name="flowrun",
            name="business_event",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="events.businessevent",
            ),
        ),
        migrations.AlterField(
            model_name="steprun",
            name="command",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="delivery.outboundcommand",
            ),
        ),
        migrations.AlterField(
            model_name="steprun",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="pipeline.flowrun",
            ),
        ),
        migrations.AlterField(
            model_name="steprun",
            name="undo_command",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="delivery.outboundcommand",
            ),
        ),
        migrations.AddIndex(
            model_name="flowrun",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["started_at"], name="pipeline_run_since"
            ),
        ),
        migrations.AddIndex(
            model_name="steprun",
            index=models.Index(
                condition=models.Q(("command__isnull", False)),
                fields=["command"],
                name="pipeline_step_command",
            ),
        ),
        migrations.AddIndex(
            model_name="steprun",
            index=models.Index(
                condition=models.Q(("undo_command__isnull", False)),
                fields=["undo_command"],
                name="pipeline_step_undo",
            ),
        ),
    ]
