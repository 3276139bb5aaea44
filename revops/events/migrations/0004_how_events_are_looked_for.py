"""Dead letters and the events of an hour are found without reading everything that ever came."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("events", "0003_one_index_each"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="inboundevent",
            index=models.Index(
                condition=models.Q(("state__in", ["quarantined", "poison"])),
                fields=["-id"],
                name="events_inbound_dead",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundevent",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="events_inbound_came"
            ),
        ),
    ]
