"""A rate is published once for a day and revision, and never changed: the database holds it."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION mappings_rate_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A rate is never changed. Publish a new one for the same day.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER mappings_rate_immutable BEFORE UPDATE OR DELETE ON mappings_exchangerate
    FOR EACH ROW EXECUTE FUNCTION mappings_rate_refuse();
CREATE TRIGGER mappings_rate_kept BEFORE TRUNCATE ON mappings_exchangerate
    FOR EACH STATEMENT EXECUTE FUNCTION mappings_rate_refuse();
"""

BACKWARD = """
DROP TRIGGER mappings_rate_kept ON mappings_exchangerate;
DROP TRIGGER mappings_rate_immutable ON mappings_exchangerate;
DROP FUNCTION mappings_rate_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0002_rates_and_owners"),
    ]

    operations = [
        migrations.CreateModel(
            name="RatePolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("max_age_days", models.PositiveSmallIntegerField(default=7)),
                ("inverse", models.BooleanField(default=False)),
                ("via", models.CharField(blank=True, max_length=3)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="exchangerate",
            name="mappings_rate_once",
        ),
        migrations.AddField(
            model_name="exchangerate",
            name="published_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="exchangerate",
            name="published_by",
            field=models.CharField(default="", max_length=120),
        ),
        migrations.AddField(
            model_name="exchangerate",
            name="revision",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.UniqueConstraint(
                fields=("currency", "quote", "day", "revision"), name="mappings_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangerate",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency", models.F("quote")), _negated=True),
                name="mappings_rate_of_two",
            ),
        ),
        migrations.AddField(
            model_name="ratepolicy",
            name="legal_entity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.legalentity",
            ),
        ),
        migrations.AddField(
            model_name="ratepolicy",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.mappingversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratepolicy",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("legal_entity", "="), ("valid", "&&")],
                name="mappings_rate_policy_once",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
