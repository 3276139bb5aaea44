"""
The chain is the database's: whoever inserts, it numbers, stamps, salts, seals and links the row.

* one row of ``audit_head`` is locked meanwhile: no fork, no gap, and the order is the order of
  writing;
* nothing is updated, deleted or truncated, whoever asks and in whatever replication role
  (``ENABLE ALWAYS``); the one exception drops a row's detail with its salt (``audit_erase``);
* the hash is over length-prefixed fields, so that no two rows have the same text, and anybody can
  recompute it (docs/audit.md).
"""

from django.db import migrations

FORWARD = r"""
-- HMAC-SHA256 (RFC 2104) for keys of at most 64 octets; the embedded PostgreSQL has no pgcrypto.
CREATE FUNCTION audit_hmac(secret bytea, message bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    inner_pad bytea := decode(repeat('36', 64), 'hex');
    outer_pad bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    FOR n IN 0 .. octet_length(secret) - 1 LOOP
        inner_pad := set_byte(inner_pad, n, get_byte(secret, n) # 54);
        outer_pad := set_byte(outer_pad, n, get_byte(secret, n) # 92);
    END LOOP;
    RETURN sha256(outer_pad || sha256(inner_pad || message));
END $$;

CREATE FUNCTION audit_text(fields text[]) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_to(
        string_agg(octet_length(convert_to(f, 'UTF8')) || ':' || f || ',', '' ORDER BY n), 'UTF8'
    ) FROM unnest(fields) WITH ORDINALITY AS held (f, n)
$$;

CREATE FUNCTION audit_append() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE head public.audit_head%ROWTYPE;
BEGIN
    SELECT * INTO STRICT head FROM public.audit_head WHERE id = 1 FOR UPDATE;
    IF NEW.detail IS NULL THEN
        RAISE EXCEPTION 'An act is recorded with its detail.' USING ERRCODE = 'check_violation';
    END IF;
    NEW.seq := head.seq + 1;
    NEW.ts := clock_timestamp();
    NEW.prev := head.hash;
    NEW.erased_by := NULL;
    NEW.salt := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
        || uuid_send(gen_random_uuid()));
    NEW.detail_mac := audit_hmac(NEW.salt, convert_to(NEW.detail, 'UTF8'));
    NEW.hash := sha256(audit_text(ARRAY[
        'v1', NEW.seq::text,
        to_char(NEW.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        NEW.actor, NEW.roles, NEW.on_behalf, NEW.action, NEW.kind, NEW.reference, NEW.entity,
        NEW.correlation_id, NEW.request_id,
        encode(NEW.detail_mac, 'hex'), encode(NEW.prev, 'hex')
    ]));
    UPDATE public.audit_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is only ever added to: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- Detail and salt may go together, and nothing else may change.
CREATE FUNCTION audit_only_erase() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.detail IS NOT NULL AND NEW.detail IS NULL AND NEW.salt IS NULL
        AND NEW.erased_by > OLD.seq
        AND (to_jsonb(NEW) - 'detail' - 'salt' - 'erased_by')
            = (to_jsonb(OLD) - 'detail' - 'salt' - 'erased_by')
        AND EXISTS (
            SELECT 1 FROM public.audit_event AS why
            WHERE why.seq = NEW.erased_by AND why.action = 'person.erase'
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit trail is only ever added to: UPDATE is refused.'
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- The head moves with a new row, by its trigger, and in no other way.
CREATE FUNCTION audit_head_follows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() < 2 OR NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'The head of the audit trail follows its rows: UPDATE is refused.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE TRIGGER audit_event_append BEFORE INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_append();
CREATE TRIGGER audit_event_erase BEFORE UPDATE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_only_erase();
CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_truncate BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_head_follows();
CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_truncate BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_append;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_erase;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_delete;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_truncate;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_update;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_delete;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_truncate;

-- Erase the details of these acts, because act ``reason_seq`` says so. Says how many there were.
CREATE FUNCTION audit_erase(seqs bigint[], reason_seq bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE done bigint;
BEGIN
    UPDATE public.audit_event SET detail = NULL, salt = NULL, erased_by = reason_seq
        WHERE seq = ANY(seqs) AND seq < reason_seq AND detail IS NOT NULL;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END $$;

-- What an application's role may do here: read, add, and (workers) erase.
CREATE FUNCTION audit_grant_to(role_name text, may_erase boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON audit_event, audit_head FROM %I', role_name);
    EXECUTE format('GRANT SELECT, INSERT ON audit_event TO %I', role_name);
    EXECUTE format('GRANT SELECT ON audit_head TO %I', role_name);
    EXECUTE format('REVOKE ALL ON FUNCTION audit_erase(bigint[], bigint) FROM %I', role_name);
    IF may_erase THEN
        EXECUTE format('GRANT EXECUTE ON FUNCTION audit_erase(bigint[], bigint) TO %I', role_name);
    END IF;
END $$;

REVOKE ALL ON audit_event, audit_head FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_append(), audit_erase(bigint[], bigint), audit_grant_to(text, boolean)
    FROM PUBLIC;
"""

BACKWARD = """
DROP FUNCTION audit_grant_to(text, boolean);
DROP FUNCTION audit_erase(bigint[], bigint);
DROP TRIGGER audit_head_truncate ON audit_head;
DROP TRIGGER audit_head_delete ON audit_head;
DROP TRIGGER audit_head_update ON audit_head;
DROP TRIGGER audit_event_truncate ON audit_event;
DROP TRIGGER audit_event_delete ON audit_event;
DROP TRIGGER audit_event_erase ON audit_event;
DROP TRIGGER audit_event_append ON audit_event;
DROP FUNCTION audit_head_follows();
DROP FUNCTION audit_only_erase();
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_append();
DROP FUNCTION audit_text(text[]);
DROP FUNCTION audit_hmac(bytea, bytea);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
