"""Whether a late document's share of its own period was accrued there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0006_late_postings")]

    operations = [
        migrations.AddField(
            model_name="lateposting",
            name="accrued",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
