"""
The roles that the console signs in to the database as, and what each may do (``store.rows``).

They are made here without a password, so that nobody can sign in as them yet; ``manage.py
database_roles`` gives passwords to those that do. Roles belong to the whole server and outlive
this database, so nothing here drops one.
"""

from django.db import migrations

from revops.store import guards

ROLES = """
DO $$
DECLARE
    wanted text;
    pair text[];
    may_become text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['revops_door', 'revops_web', 'revops_web_all', 'revops_worker']
    LOOP
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database was quicker
            WHEN insufficient_privilege THEN RAISE EXCEPTION
                'The owner of this database may not create the role %: let an administrator of the '
                'server run CREATE ROLE % NOLOGIN NOINHERIT, or give the owner CREATEROLE.',
                wanted, wanted USING ERRCODE = 'insufficient_privilege';
        END;
    END LOOP;
    -- Who may become whom. A console that signs in as the owner becomes the pages' roles too. Who
    -- makes a role administers it, but becomes it only when it was granted (PostgreSQL 16).
    may_become := CASE WHEN current_setting('server_version_num')::int >= 160000
        THEN 'SET' ELSE 'MEMBER' END;
    FOR pair IN SELECT ARRAY[page, login] FROM
        unnest(ARRAY['revops_web', 'revops_web_all']) AS page,
        unnest(ARRAY['revops_door', current_user::text]) AS login
    LOOP
        CONTINUE WHEN pg_has_role(pair[2], pair[1], may_become);
        BEGIN
            EXECUTE format('GRANT %I TO %I', pair[1], pair[2]);
        EXCEPTION
            WHEN insufficient_privilege THEN RAISE EXCEPTION
                'The owner of this database did not make the role %, so it may not grant it: let '
                'whoever did, or an administrator of the server, run GRANT % TO %.',
                pair[1], pair[1], pair[2] USING ERRCODE = 'insufficient_privilege';
        END;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public
    TO revops_door, revops_web, revops_web_all, revops_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public
    TO revops_door, revops_web, revops_web_all, revops_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public
    TO revops_door, revops_web, revops_web_all, revops_worker;
-- What later migrations make, and the temporary table of one role for the next one in a session.
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES
    TO revops_door, revops_web, revops_web_all, revops_worker;
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES
    TO revops_door, revops_web, revops_web_all, revops_worker;
REVOKE INSERT, UPDATE, DELETE ON django_migrations
    FROM revops_door, revops_web, revops_web_all, revops_worker;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- The trail: read and add; only workers erase, which leaves a row's place in the chain.
SELECT audit_grant_to(wanted, wanted = 'revops_worker')
FROM unnest(ARRAY['revops_door', 'revops_web', 'revops_web_all', 'revops_worker']) AS wanted;
"""

BACK = """
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES
    FROM revops_door, revops_web, revops_web_all, revops_worker;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES
    FROM revops_door, revops_web, revops_web_all, revops_worker;
REVOKE ALL ON ALL TABLES IN SCHEMA public
    FROM revops_door, revops_web, revops_web_all, revops_worker;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public
    FROM revops_door, revops_web, revops_web_all, revops_worker;
REVOKE USAGE ON SCHEMA public
    FROM revops_door, revops_web, revops_web_all, revops_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_people"), ("audit", "0002_chain")]

    operations = [
        migrations.RunSQL(ROLES, BACK),
        guards.read_only_for_workers(
            "accounts_assignment", "accounts_entitygroup", "accounts_breakglass"
        ),
    ]
