"""Whose books a database session sees, and entries that no role of the console changes."""

from django.db import migrations

from revops.store import guards


class Migration(migrations.Migration):
    dependencies = [("mappings", "0006_rows"), ("ledger", "0004_given_up")]

    operations = [
        guards.scoped("ledger_journalentry", guards.entity()),
        guards.scoped("ledger_journalline", guards.through("entry_id", "ledger_journalentry")),
        guards.scoped("ledger_revenueschedule", guards.entity()),
        guards.scoped(
            "ledger_recognition", guards.through("schedule_id", "ledger_revenueschedule")
        ),
        guards.scoped("ledger_givenback", guards.entity()),
        guards.never_changed("ledger_journalentry", "ledger_journalline"),
    ]
