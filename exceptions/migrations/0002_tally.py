"""
The tally follows the cases, whoever writes them: every statement that touches the case table adds
one row of differences for each group that it changed. Rows are only inserted, so that writers do
not queue up behind each other's totals.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION exceptions_tally_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO exceptions_tally (cause_key, kind, state, legal_entity_id, period_code,
            connection_slug, currency, cases, at_stake, folded)
        SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug,
            CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS known, count(*),
            coalesce(sum(at_stake), 0), false
        FROM came WHERE NOT (state = 'resolved') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO exceptions_tally (cause_key, kind, state, legal_entity_id, period_code,
            connection_slug, currency, cases, at_stake, folded)
        SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug,
            CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS known, -count(*),
            -coalesce(sum(at_stake), 0), false
        FROM went WHERE NOT (state = 'resolved') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSE
        INSERT INTO exceptions_tally (cause_key, kind, state, legal_entity_id, period_code,
            connection_slug, currency, cases, at_stake, folded)
        SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug, known,
            sum(side), sum(side * coalesce(at_stake, 0)), false
        FROM (
            SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug,
                CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS known, at_stake, 1 AS side
            FROM came WHERE NOT (state = 'resolved')
            UNION ALL
            SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug,
                CASE WHEN at_stake IS NULL THEN '' ELSE currency END AS known, at_stake, -1
            FROM went WHERE NOT (state = 'resolved')
        ) AS sides
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        HAVING sum(side) <> 0 OR sum(side * coalesce(at_stake, 0)) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER exceptions_tally_insert AFTER INSERT ON exceptions_case
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION exceptions_tally_follows();
CREATE TRIGGER exceptions_tally_update AFTER UPDATE ON exceptions_case
    REFERENCING OLD TABLE AS went NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION exceptions_tally_follows();
CREATE TRIGGER exceptions_tally_delete AFTER DELETE ON exceptions_case
    REFERENCING OLD TABLE AS went
    FOR EACH STATEMENT EXECUTE FUNCTION exceptions_tally_follows();
"""

BACKWARD = """
DROP TRIGGER exceptions_tally_insert ON exceptions_case;
DROP TRIGGER exceptions_tally_update ON exceptions_case;
DROP TRIGGER exceptions_tally_delete ON exceptions_case;
DROP FUNCTION exceptions_tally_follows();
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
