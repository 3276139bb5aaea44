from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0003_rows")]

    operations = [
        migrations.AddField("holding", "accounts", models.JSONField(null=True)),
        migrations.AddField("holding", "due", models.BigIntegerField(null=True)),
    ]
