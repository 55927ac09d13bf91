from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_movement_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM payments_ledgerentry WHERE movement_id = NEW.movement_id
        GROUP BY currency HAVING SUM(amount_minor) <> 0
    ) THEN
        RAISE EXCEPTION 'ledger movement % does not sum to zero', NEW.movement_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_sums_to_zero AFTER INSERT ON payments_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_movement_sums_to_zero();
CREATE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE ON payments_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_movement_is_append_only BEFORE UPDATE OR DELETE ON payments_ledgermovement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER ledger_movement_is_append_only ON payments_ledgermovement;
DROP TRIGGER ledger_entry_is_append_only ON payments_ledgerentry;
DROP TRIGGER ledger_sums_to_zero ON payments_ledgerentry;
DROP FUNCTION ledger_movement_sums_to_zero();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("events", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
