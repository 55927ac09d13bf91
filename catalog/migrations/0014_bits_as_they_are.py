from django.db import migrations

# Up to this size, the most there is, a row stays in one piece.
IN_ONE_PIECE = """
    ALTER TABLE catalog_facetvalue SET (toast_tuple_target = 8160);
    ALTER TABLE catalog_facetvalue ALTER COLUMN slots SET STORAGE EXTERNAL;
"""
AS_BEFORE = """
    ALTER TABLE catalog_facetvalue RESET (toast_tuple_target);
    ALTER TABLE catalog_facetvalue ALTER COLUMN slots SET STORAGE EXTENDED;
"""
# Bits that something is put to are new ones, and stored as new ones are.
REWRITTEN = "UPDATE catalog_facetvalue SET slots = slots || ''::varbit"


class Migration(migrations.Migration):
    """Bits are kept as they are: to unpack a hundred of them took longer than to count them.

    Not one transaction: rewriting the rows would keep readers waiting for what stores them.
    """

    atomic = False

    dependencies = [("catalog", "0013_models_of_a_brand")]

    operations = [
        migrations.RunSQL(IN_ONE_PIECE, AS_BEFORE),
        migrations.RunSQL(REWRITTEN, REWRITTEN),
        migrations.RunSQL("VACUUM ANALYZE catalog_facetvalue", migrations.RunSQL.noop),
    ]
