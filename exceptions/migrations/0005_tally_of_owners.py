"""
The tally counts by who has a case, and whether it is snoozed or came up again. What it held is
counted anew, once.
"""

from django.db import migrations

from revops.store import guards

BY = """cause_key, kind, state, legal_entity_id, period_code, connection_slug, assignee_id, owner_team,
    regressed, snoozed"""
KNOWN = "CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS known"
INTO = f"INSERT INTO exceptions_tally ({BY}, currency, cases, at_stake, folded)"
OPEN = "NOT (state = 'resolved')"

FORWARD = f"""
CREATE OR REPLACE FUNCTION exceptions_tally_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {INTO} SELECT {BY}, {KNOWN}, count(*), coalesce(sum(at_stake), 0), false
        FROM came WHERE {OPEN} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
    ELSIF TG_OP = 'DELETE' THEN
        {INTO} SELECT {BY}, {KNOWN}, -count(*), -coalesce(sum(at_stake), 0), false
        FROM went WHERE {OPEN} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
    ELSE
        {INTO} SELECT {BY}, known, sum(side), sum(side * coalesce(at_stake, 0)), false
        FROM (
            SELECT {BY}, {KNOWN}, at_stake, 1 AS side FROM came WHERE {OPEN}
            UNION ALL
            SELECT {BY}, {KNOWN}, at_stake, -1 FROM went WHERE {OPEN}
        ) AS sides
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        HAVING sum(side) <> 0 OR sum(side * coalesce(at_stake, 0)) <> 0;
    END IF;
    RETURN NULL;
END $$;
DELETE FROM exceptions_tally;
{INTO} SELECT {BY}, {KNOWN}, count(*), coalesce(sum(at_stake), 0), true
FROM exceptions_case WHERE {OPEN} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
"""  # noqa: S608  columns named in this file


class Migration(migrations.Migration):
    dependencies = [("exceptions", "0004_owners_and_snoozes")]

    operations = [
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
        guards.scoped(
            "exceptions_snooze",
            "EXISTS (SELECT 1 FROM exceptions_case AS own"
            " WHERE own.cause_key = exceptions_snooze.cause_key)",
        ),
    ]
