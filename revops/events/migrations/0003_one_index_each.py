"""An index that begins with what another one begins with is written and never needed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("events", "0002_rows"),
    ]

    operations = [
        migrations.AlterField(
            model_name="businessevent",
            name="inbound",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="meanings",
                to="events.inboundevent",
            ),
        ),
        migrations.AlterField(
            model_name="eventconflict",
            name="event",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conflicts",
                to="events.inboundevent",
            ),
        ),
        migrations.AlterField(
            model_name="inboundevent",
            name="connection",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="connectors.connection",
            ),
        ),
    ]
