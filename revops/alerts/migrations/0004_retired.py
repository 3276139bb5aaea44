"""Rules are retired: out of use for good, with their history, and their name is free."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0003_named_in_a_legal_entity"),
        ("mappings", "0008_one_index_for_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="rule",
            name="alerts_rule_named_once",
        ),
        migrations.AddField(
            model_name="rule",
            name="retired_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at__isnull", True)),
                fields=("legal_entity", "name"),
                name="alerts_rule_named_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(("on", False), ("retired_at__isnull", True), _connector="OR"),
                name="alerts_retired_is_off",
            ),
        ),
    ]
