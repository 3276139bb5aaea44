"""Cases of the daily comparison, whose kinds gave way to those of breaks, settle by themselves."""

from django.db import migrations

SETTLE = """
WITH settled AS (
    UPDATE exceptions_case
    SET state = 'resolved', resolved_at = now(), checks_at = NULL, snoozed = false,
        snoozed_until = NULL,
        resolution = 'Reconciliation compares the journals now and opens a case of its own.'
    WHERE NOT (state = 'resolved')
        AND kind IN ('missing_in_target', 'changed_in_target', 'foreign_posting')
    RETURNING id, resolved_at, resolution
)
INSERT INTO exceptions_caseentry (case_id, at, tone, text, by_id, comment)
SELECT id, resolved_at, 'ok', resolution, NULL, false FROM settled
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0008_rows_that_were_edited"),
        ("exceptions", "0011_watches"),
    ]

    operations = [migrations.RunSQL(SETTLE, migrations.RunSQL.noop)]
