"""
Attempts are history: the row of an attempt is written before the call, its outcome is filled in
once, and then nothing about it changes. Payloads are frozen with the command.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION delivery_attempt_filled_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome IS NULL AND NEW.outcome IS NOT NULL
        AND (NEW.command_id, NEW.number, NEW.kind, NEW.fence, NEW.intent_at, NEW.request_sha256)
            IS NOT DISTINCT FROM
            (OLD.command_id, OLD.number, OLD.kind, OLD.fence, OLD.intent_at, OLD.request_sha256)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An attempt is history and cannot be changed.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION delivery_history_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Commands and attempts are kept.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION delivery_payload_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What a command says is frozen; a change is a new revision.'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER delivery_attempt_filled_once BEFORE UPDATE ON delivery_attempt
    FOR EACH ROW EXECUTE FUNCTION delivery_attempt_filled_once();
CREATE TRIGGER delivery_attempt_kept BEFORE DELETE ON delivery_attempt
    FOR EACH ROW EXECUTE FUNCTION delivery_history_kept();
CREATE TRIGGER delivery_attempts_kept BEFORE TRUNCATE ON delivery_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_history_kept();
CREATE TRIGGER delivery_payload_frozen BEFORE UPDATE ON delivery_outboundcommand
    FOR EACH ROW WHEN (
        OLD.payload IS DISTINCT FROM NEW.payload OR OLD.key IS DISTINCT FROM NEW.key
        OR OLD.connection_id IS DISTINCT FROM NEW.connection_id
        OR OLD.business_key IS DISTINCT FROM NEW.business_key OR NEW.fence < OLD.fence
    ) EXECUTE FUNCTION delivery_payload_frozen();
CREATE TRIGGER delivery_command_kept BEFORE DELETE ON delivery_outboundcommand
    FOR EACH ROW EXECUTE FUNCTION delivery_history_kept();
"""

BACKWARD = """
DROP TRIGGER delivery_command_kept ON delivery_outboundcommand;
DROP TRIGGER delivery_payload_frozen ON delivery_outboundcommand;
DROP TRIGGER delivery_attempts_kept ON delivery_attempt;
DROP TRIGGER delivery_attempt_kept ON delivery_attempt;
DROP TRIGGER delivery_attempt_filled_once ON delivery_attempt;
DROP FUNCTION delivery_payload_frozen();
DROP FUNCTION delivery_history_kept();
DROP FUNCTION delivery_attempt_filled_once();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
