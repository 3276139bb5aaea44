from __future__ import annotations

from django.db import migrations, models

# Until now every address was one that somebody had set up on purpose.
_AGREED = "UPDATE connectors_connection SET agreed_url = base_url"


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="agreed_url",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        migrations.AddField(
            model_name="connection",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Being set up"),
                    ("live", "In use"),
                    ("retired", "Taken out of use"),
                ],
                db_default="live",
                default="live",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="secret", name="ends_on", field=models.DateField(blank=True, null=True)
        ),
        migrations.RunSQL(_AGREED, migrations.RunSQL.noop),
    ]
