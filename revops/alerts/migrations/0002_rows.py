"""
Whose rules and alerts a database session sees. What concerns all legal entities is for those who
see all of them.
"""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_database_roles"), ("alerts", "0001_initial")]

    operations = [
        guards.scoped("alerts_rule", guards.entity()),
        guards.scoped("alerts_alert", guards.entity()),
        guards.scoped("alerts_sample", guards.entity()),
        guards.never_deleted("alerts_rule", "alerts_alert"),
    ]
