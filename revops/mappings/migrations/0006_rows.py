"""Whose maps and calendars a database session sees, and rates that nobody changes."""

from django.db import migrations

from revops.store import guards

# The ids behind app.entities. It reads the entities under their own policy, which is by code.
ENTITIES = """
CREATE FUNCTION revops_entities() RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(id), '{}') FROM mappings_legalentity
    WHERE code = ANY (string_to_array(current_setting('app.entities', true), ','))
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_database_roles"), ("mappings", "0005_late_documents")]

    operations = [
        migrations.RunSQL(ENTITIES, "DROP FUNCTION revops_entities();"),
        guards.scoped("mappings_legalentity", guards.code("code")),
        guards.scoped("mappings_accountingperiod", guards.entity()),
        guards.scoped("mappings_accountmap", guards.entity()),
        guards.scoped("mappings_skumap", guards.entity()),
        guards.scoped("mappings_taxmap", guards.entity()),
        guards.scoped("mappings_entitymap", guards.entity()),
        guards.scoped("mappings_erproute", guards.entity()),
        guards.scoped("mappings_ratepolicy", guards.entity()),
        guards.scoped(
            "mappings_periodrun", guards.through("period_id", "mappings_accountingperiod")
        ),
        # A rule for all entities concerns every one of them.
        guards.scoped(
            "mappings_ownershiprule", f"entity_code = '' OR {guards.code('entity_code')}"
        ),
        guards.never_changed("mappings_exchangerate"),
    ]
