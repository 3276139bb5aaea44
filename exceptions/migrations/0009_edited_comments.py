from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exceptions", "0008_causes_in_sight")]

    operations = [
        migrations.AddField(
            model_name="caseentry", name="edited_at", field=models.DateTimeField(null=True)
        ),
    ]
