from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0004_what_postings_hold")]

    operations = [
        migrations.AlterField(
            "run",
            "state",
            models.CharField(
                choices=[
                    ("asked", "Waiting"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                ],
                default="running",
                max_length=8,
            ),
        ),
    ]
