"""What is in a database, line by line, so that two of them can be compared."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection

_ABOUT: Final = {
    "table": """
        SELECT relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions,
            relispartition, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid),
            obj_description(oid, 'pg_class'), relacl::text[] FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')""",
    "column": """
        SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
            attidentity, attgenerated, attcollation, pg_get_expr(adbin, adrelid), attacl::text[]
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attnum > 0 AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm'))""",
    "index": """
        SELECT indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid FROM pg_index
        WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)""",
    "constraint": """
        SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), condeferrable, condeferred
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "trigger": """
        SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal""",
    "function": """
        SELECT pg_get_functiondef(oid), proacl::text[] FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' AND oid NOT IN
            (SELECT objid FROM pg_depend WHERE deptype = 'e')""",
    "policy": "SELECT * FROM pg_policies",
    "privileges": "SELECT defaclobjtype, defaclacl::text[] FROM pg_default_acl",
    "schema": "SELECT nspname, nspacl::text[] FROM pg_namespace WHERE nspname !~ '^pg_'",
    "extension": "SELECT extname, extversion FROM pg_extension",
}


def listing() -> list[str]:
    """
    Everything that migrations make, sorted: tables with columns, rules, privileges and the number
    of their rows, functions, extensions. The order of columns is not in it.
    """
    found: list[str] = []
    with connection.cursor() as cursor:
        for what, question in _ABOUT.items():
            cursor.execute(question)
            found.extend(_line(what, row) for row in cursor.fetchall())
        for table in connection.introspection.table_names(cursor):
            held = "*" if table != "django_migrations" else "app, name"
            if table in ("django_content_type", "auth_permission"):
                held = "codename" if table == "auth_permission" else "app_label, model"
            cursor.execute(f"SELECT {held} FROM {table}")  # noqa: S608  names of the catalogue
            found.extend(_line(f"row of {table}", row) for row in cursor.fetchall())
    return sorted(found)


def _line(what: str, row: tuple[Any, ...]) -> str:
    # Privileges are listed in the order in which they were given.
    told = [sorted(one) if isinstance(one, list) else one for one in row]
    return f"{what}: " + " | ".join(
        str(bytes(one) if isinstance(one, memoryview) else one) for one in told
    )
