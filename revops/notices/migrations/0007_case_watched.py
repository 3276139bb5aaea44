"""A notice about a case that somebody waits for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0006_mentions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("approval_asked", "Waits for you"),
                    ("approval_late", "Waits too long"),
                    ("approval_answered", "Your request was answered"),
                    ("approval_changed", "A request changed"),
                    ("credit_moved", "Your service credit"),
                    ("credit_stuck", "Your service credit is stuck"),
                    ("account_changed", "Your account"),
                    ("token_ends", "A service token ends"),
                    ("break_glass", "Break-glass"),
                    ("mention", "Somebody named you"),
                    ("case_watched", "A case that you wait for"),
                    ("alert", "Alert"),
                    ("sign_off_suspended", "Your sign-off is suspended"),
                    ("certificate_suspended", "A certificate is suspended"),
                    ("audit_trail_broken", "Audit trail"),
                ],
                max_length=24,
            ),
        ),
    ]
