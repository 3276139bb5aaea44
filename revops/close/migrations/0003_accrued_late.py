"""Late events may be accrued now and booked in the next open period."""

from django.db import migrations, models

_WAYS = [
    ("include", "Include and sign again"),
    ("next_open", "Next open period, own day kept"),
    ("accrue", "Accrue now and reverse, booked in the next open period"),
    ("reopen", "Ask to reopen the period"),
]


class Migration(migrations.Migration):
    dependencies = [("close", "0002_certificates")]

    operations = [
        migrations.AlterField("latepolicy", "way", models.CharField(choices=_WAYS, max_length=10)),
        migrations.AlterField("latechoice", "way", models.CharField(choices=_WAYS, max_length=10)),
        migrations.AlterField(
            "latechoice", "proposed", models.CharField(choices=_WAYS, max_length=10)
        ),
    ]
