from django.db import migrations

# Another key for the same recipient is no change of an invoice; its paper's hash shows whether the text is the same.
FORWARD = """
CREATE FUNCTION refuse_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('backmarket.rotating_keys', true) = 'on'
        AND NEW.recipient <> '' AND to_jsonb(NEW) - 'recipient' = to_jsonb(OLD) - 'recipient' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION invoice_takes_the_next_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + COALESCE(
        (SELECT MAX(number) FROM invoices_invoice WHERE series_id = NEW.series_id), 0
    ) THEN
        RAISE EXCEPTION 'number % leaves a gap in its series', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION credit_within_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE corrected invoices_invoice;
BEGIN
    SELECT * INTO corrected FROM invoices_invoice WHERE id = NEW.corrects_id FOR NO KEY UPDATE;
    IF corrected.kind <> 'invoice' OR corrected.currency <> NEW.currency OR corrected.party <> NEW.party THEN
        RAISE EXCEPTION 'a credit note corrects an invoice of its own seller' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.total_minor + (
        SELECT COALESCE(SUM(total_minor), 0) FROM invoices_invoice WHERE corrects_id = NEW.corrects_id
    ) > corrected.total_minor OR NEW.vat_minor + (
        SELECT COALESCE(SUM(vat_minor), 0) FROM invoices_invoice WHERE corrects_id = NEW.corrects_id
    ) > corrected.vat_minor THEN
        RAISE EXCEPTION 'credit notes sum to more than the invoice' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER invoice_is_append_only BEFORE UPDATE OR DELETE ON invoices_invoice
    FOR EACH ROW EXECUTE FUNCTION refuse_invoice_change();
CREATE TRIGGER invoice_numbers_have_no_gap BEFORE INSERT ON invoices_invoice
    FOR EACH ROW EXECUTE FUNCTION invoice_takes_the_next_number();
CREATE TRIGGER credit_notes_stay_within_invoice BEFORE INSERT ON invoices_invoice
    FOR EACH ROW WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION credit_within_invoice();
CREATE TRIGGER paper_is_append_only BEFORE UPDATE OR DELETE ON invoices_paper
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER paper_is_append_only ON invoices_paper;
DROP TRIGGER credit_notes_stay_within_invoice ON invoices_invoice;
DROP TRIGGER invoice_numbers_have_no_gap ON invoices_invoice;
DROP TRIGGER invoice_is_append_only ON invoices_invoice;
DROP FUNCTION credit_within_invoice();
DROP FUNCTION invoice_takes_the_next_number();
DROP FUNCTION refuse_invoice_change();
"""


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial"), ("events", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
