from django.db import migrations

# An IMEI or serial, once registered on a line, cannot be changed.
FORWARD = """
CREATE FUNCTION refuse_identifier_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the identifier of a line cannot be changed' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER line_identifier_is_final BEFORE UPDATE ON orders_orderline
    FOR EACH ROW WHEN (OLD.identifier <> '' AND NEW.identifier IS DISTINCT FROM OLD.identifier)
    EXECUTE FUNCTION refuse_identifier_change();
"""

BACKWARD = """
DROP TRIGGER line_identifier_is_final ON orders_orderline;
DROP FUNCTION refuse_identifier_change();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
