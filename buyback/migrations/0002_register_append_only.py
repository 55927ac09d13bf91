from django.db import migrations

FORWARD = """
CREATE TRIGGER register_is_append_only BEFORE UPDATE OR DELETE ON buyback_registerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = "DROP TRIGGER register_is_append_only ON buyback_registerentry"


class Migration(migrations.Migration):
    dependencies = [("buyback", "0001_initial"), ("events", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
