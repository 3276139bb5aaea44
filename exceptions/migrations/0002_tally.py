"""
The tally follows the cases, whoever writes them: every statement that touches the case table adds
one row of differences for each group that it changed. Rows are only inserted, so that writers do
not queue up behind each other's totals.
"""

from django.db import migrations

_GROUP = """
cause_key, kind, state, legal_entity_id, period_code, connection_slug,
CASE WHEN at_stake IS NULL THEN '' ELSE currency END
"""

_SIDE = f"""
SELECT {_GROUP} AS currency, %(sign)s AS cases, %(sign)s * coalesce(at_stake, 0) AS at_stake
FROM %(rows)s WHERE NOT (state = 'resolved')
"""

_NEW = _SIDE % {"sign": 1, "rows": "came"}
_OLD = _SIDE % {"sign": -1, "rows": "went"}


def _function(name: str, sides: str) -> str:
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO exceptions_tally (
        cause_key, kind, state, legal_entity_id, period_code, connection_slug, currency, cases,
        at_stake, folded
    )
    SELECT cause_key, kind, state, legal_entity_id, period_code, connection_slug, currency,
        sum(cases), sum(at_stake), false
    FROM ({sides}) AS sides
    GROUP BY cause_key, kind, state, legal_entity_id, period_code, connection_slug, currency
    HAVING sum(cases) <> 0 OR sum(at_stake) <> 0;
    RETURN NULL;
END $$;
"""


FORWARD = (
    _function("exceptions_tally_insert", _NEW)
    + _function("exceptions_tally_update", f"{_NEW} UNION ALL {_OLD}")
    + _function("exceptions_tally_delete", _OLD)
    + """
CREATE TRIGGER exceptions_tally_insert AFTER INSERT ON exceptions_case
    REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION exceptions_tally_insert();
CREATE TRIGGER exceptions_tally_update AFTER UPDATE ON exceptions_case
    REFERENCING OLD TABLE AS went NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION exceptions_tally_update();
CREATE TRIGGER exceptions_tally_delete AFTER DELETE ON exceptions_case
    REFERENCING OLD TABLE AS went
    FOR EACH STATEMENT EXECUTE FUNCTION exceptions_tally_delete();
"""
)

BACKWARD = """
DROP TRIGGER exceptions_tally_insert ON exceptions_case;
DROP TRIGGER exceptions_tally_update ON exceptions_case;
DROP TRIGGER exceptions_tally_delete ON exceptions_case;
DROP FUNCTION exceptions_tally_insert();
DROP FUNCTION exceptions_tally_update();
DROP FUNCTION exceptions_tally_delete();
"""


class Migration(migrations.Migration):
    dependencies = [("exceptions", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
