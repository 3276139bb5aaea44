import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from revops.store import guards


def parent(model: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=model,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0001_initial"),
        ("reconciliation", "0009_kinds_that_gave_way"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("left", models.JSONField()),
                ("right", models.JSONField()),
                ("rows", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("by", parent(settings.AUTH_USER_MODEL)),
                ("legal_entity", parent("mappings.legalentity")),
                ("pair", parent("reconciliation.pair")),
                ("rule", parent("reconciliation.rule", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("pair", "legal_entity", "rows"),
                        name="reconciliation_refused_once",
                    )
                ]
            },
        ),
        guards.scoped("reconciliation_refusal", guards.entity()),
    ]
