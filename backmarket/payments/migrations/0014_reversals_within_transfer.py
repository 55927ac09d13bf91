from django.db import migrations

# What is asked for counts with what is taken. Whoever adds to it waits for others who do, and sees what they committed.
FORWARD = """
CREATE FUNCTION reversals_within_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    transfer payments_payout%ROWTYPE;
BEGIN
    SELECT * INTO transfer FROM payments_payout WHERE id = NEW.payout_id FOR NO KEY UPDATE;
    IF NEW.currency <> transfer.currency OR (
        SELECT SUM(amount_minor) FROM payments_transferreversal WHERE payout_id = NEW.payout_id AND status <> 'failed'
    ) > transfer.amount_minor
    THEN
        RAISE EXCEPTION 'more would be taken back of transfer % than was sent', NEW.payout_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER reversals_within_transfer AFTER INSERT OR UPDATE OF status, amount_minor, currency, payout_id
    ON payments_transferreversal FOR EACH ROW
    WHEN (NEW.status <> 'failed') EXECUTE FUNCTION reversals_within_transfer();
"""

BACKWARD = """
DROP TRIGGER reversals_within_transfer ON payments_transferreversal;
DROP FUNCTION reversals_within_transfer();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0013_shipping")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
