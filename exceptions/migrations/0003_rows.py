"""Whose cases a database session sees, and in the totals of the queue alike."""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_rows"), ("exceptions", "0002_tally")]

    operations = [
        guards.scoped("exceptions_case", guards.entity()),
        guards.scoped("exceptions_caseentry", guards.through("case_id", "exceptions_case")),
        guards.scoped("exceptions_tally", guards.entity()),
        # A shared root is seen by whoever sees a case of it.
        guards.scoped(
            "exceptions_cause",
            "EXISTS (SELECT 1 FROM exceptions_case AS own"
            " WHERE own.cause_key = exceptions_cause.key)",
            added="true",
        ),
    ]
