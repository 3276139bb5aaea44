"""Schedules form chains; entries freeze their rate; lines that list open items name them."""

import django.db.models.deletion
from django.db import migrations, models

# Schedules that were there before are chains of their own line, and are looked at again once:
# what they have recognised already is not recognised again.
KEEP = """
UPDATE ledger_revenueschedule SET chain = left(business_key || '/' || line_id, 240),
    due_from = CASE WHEN stopped_on IS NULL THEN service_start END,
    stop_reason = CASE WHEN stopped_on IS NULL THEN '' ELSE 'void' END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_initial"),
        ("ledger", "0002_guards"),
        ("mappings", "0002_rates_and_owners"),
    ]

    operations = [
        migrations.CreateModel(
            name="GivenBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("invoice_key", models.CharField(max_length=240)),
                ("line_id", models.CharField(max_length=120)),
                ("tax_code", models.CharField(blank=True, max_length=120)),
                ("amount", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="journalline",
            name="ledger_line_amount_sane",
        ),
        migrations.RemoveConstraint(
            model_name="recognition",
            name="ledger_recognition_once",
        ),
        migrations.RemoveConstraint(
            model_name="revenueschedule",
            name="ledger_schedule_once",
        ),
        migrations.AddField(
            model_name="journalentry",
            name="rate",
            field=models.DecimalField(decimal_places=12, max_digits=24, null=True),
        ),
        migrations.AddField(
            model_name="journalentry",
            name="rate_day",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="journalentry",
            name="rate_source",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="journalline",
            name="item",
            field=models.CharField(blank=True, default="", max_length=240),
        ),
        migrations.AddField(
            model_name="recognition",
            name="revision",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="carried",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="carried_functional",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="chain",
            field=models.CharField(default="", max_length=240),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="due_from",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="part",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="stop_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("change", "Changed"),
                    ("credit", "Credited"),
                    ("pause", "Paused"),
                    ("ended", "Service ended"),
                    ("void", "Voided"),
                ],
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="revenueschedule",
            name="successor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predecessors",
                to="ledger.revenueschedule",
            ),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(
                fields=["legal_entity", "accounting_date"], name="ledger_entry_dated"
            ),
        ),
        migrations.AddIndex(
            model_name="journalline",
            index=models.Index(
                condition=models.Q(("item", ""), _negated=True),
                fields=["item", "account"],
                name="ledger_line_item",
            ),
        ),
        migrations.AddIndex(
            model_name="revenueschedule",
            index=models.Index(fields=["chain"], name="ledger_schedule_chain"),
        ),
        migrations.AddIndex(
            model_name="revenueschedule",
            index=models.Index(
                condition=models.Q(("due_from__isnull", False)),
                fields=["legal_entity", "due_from"],
                name="ledger_schedule_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount", 0), ("functional", 0), _negated=True),
                    ("amount__gt", -1000000000000000),
                    ("amount__lt", 1000000000000000),
                ),
                name="ledger_line_amount_sane",
            ),
        ),
        migrations.AddConstraint(
            model_name="recognition",
            constraint=models.UniqueConstraint(
                fields=("schedule", "period_code", "revision"), name="ledger_recognition_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="revenueschedule",
            constraint=models.UniqueConstraint(
                fields=("legal_entity", "business_key", "line_id", "part"),
                name="ledger_schedule_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="revenueschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("successor__isnull", True), ("stopped_on__isnull", False), _connector="OR"
                ),
                name="ledger_schedule_stops_first",
            ),
        ),
        migrations.AddField(
            model_name="givenback",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="given_back",
                to="ledger.journalentry",
            ),
        ),
        migrations.AddField(
            model_name="givenback",
            name="legal_entity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="mappings.legalentity",
            ),
        ),
        migrations.AddIndex(
            model_name="givenback",
            index=models.Index(fields=["invoice_key"], name="ledger_given_back_invoice"),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
