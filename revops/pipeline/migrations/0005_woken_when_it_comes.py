"""What a step waits for has a name, so that it goes on when that comes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("delivery", "0004_rows"),
        ("pipeline", "0004_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="steprun",
            name="waits_for",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddIndex(
            model_name="steprun",
            index=models.Index(
                condition=models.Q(("state", "unready")),
                fields=["waits_for"],
                name="pipeline_step_waits",
            ),
        ),
    ]
