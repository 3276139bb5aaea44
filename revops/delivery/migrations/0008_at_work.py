from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0007_fallback")]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("ok", "ok"),
                    ("already_done", "already_done"),
                    ("working", "working"),
                    ("refused", "refused"),
                    ("throttled", "throttled"),
                    ("transient", "transient"),
                    ("auth", "auth"),
                    ("in_doubt", "in_doubt"),
                    ("not_sent", "not_sent"),
                ],
                max_length=12,
                null=True,
            ),
        ),
    ]
