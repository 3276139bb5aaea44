"""Causes that people grouped otherwise than the line does."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0005_one_index_for_each"),
        ("events", "0004_how_events_are_looked_for"),
        ("exceptions", "0009_edited_comments"),
        ("mappings", "0008_one_index_for_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Regrouping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_key", models.CharField(max_length=64)),
                ("fact", models.CharField(blank=True, max_length=80)),
                ("to_key", models.CharField(blank=True, max_length=64)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="root_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    models.Q(("state", "resolved"), _negated=True),
                    models.Q(("root_key", ""), _negated=True),
                ),
                fields=["root_key"],
                name="exceptions_case_regrouped",
            ),
        ),
        migrations.AddField(
            model_name="regrouping",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="regrouping",
            name="ended_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="regrouping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("from_key",),
                name="exceptions_one_regrouping_stands",
            ),
        ),
        migrations.AddConstraint(
            model_name="regrouping",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fact", ""), models.Q(("to_key", ""), _negated=True)),
                    models.Q(models.Q(("fact", ""), _negated=True), ("to_key", "")),
                    _connector="OR",
                ),
                name="exceptions_merged_or_split",
            ),
        ),
    ]
