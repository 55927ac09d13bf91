import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import backmarket.crypto

# Another key for the same text is no change of an entry; its chain of hashes shows whether the text is the same.
FORWARD = """
CREATE FUNCTION refuse_register_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('backmarket.rotating_keys', true) = 'on'
        AND NEW.seller <> '' AND to_jsonb(NEW) - 'seller' = to_jsonb(OLD) - 'seller' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER register_is_append_only ON buyback_registerentry;
CREATE TRIGGER register_is_append_only BEFORE UPDATE OR DELETE ON buyback_registerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_register_change();
"""
BACKWARD = """
DROP TRIGGER register_is_append_only ON buyback_registerentry;
CREATE TRIGGER register_is_append_only BEFORE UPDATE OR DELETE ON buyback_registerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION refuse_register_change();
"""


def fill_indexes(apps, schema_editor):
    for name, index, source in (("Identity", "number_index", "document_number"), ("Trade", "iban_index", "iban")):
        rows = apps.get_model("buyback", name)._base_manager
        for pk, text in rows.values_list("pk", source).iterator(chunk_size=500):
            rows.filter(pk=pk).update(**{index: backmarket.crypto.blind_index(text, source)})


class Migration(migrations.Migration):
    atomic = True
    dependencies = [
        ("buyback", "0007_message_photos_and_reminders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AddField("identity", "number_index", backmarket.crypto.BlindIndexField(of="document_number")),
        migrations.AddField("identity", "erased_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("trade", "iban_index", backmarket.crypto.BlindIndexField(of="iban")),
        migrations.RunPython(fill_indexes, migrations.RunPython.noop),
        migrations.CreateModel(
            name="TaxFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("reminders", models.PositiveSmallIntegerField(default=0, verbose_name="reminders sent")),
                ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="last reminder")),
                ("country", models.CharField(blank=True, default="", max_length=2, verbose_name="country")),
                (
                    "number",
                    backmarket.crypto.EncryptedTextField(blank=True, default="", verbose_name="tax number"),
                ),
                ("number_ending", models.CharField(blank=True, default="", max_length=3)),
                ("given_at", models.DateTimeField(blank=True, null=True, verbose_name="given")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_file",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "tax number",
                "verbose_name_plural": "tax numbers",
                "ordering": ["-asked_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(given_at__isnull=True, number="", country="")
                        | (models.Q(given_at__isnull=False) & ~models.Q(number="") & ~models.Q(country="")),
                        name="tax_number_given_whole",
                    )
                ],
            },
        ),
    ]
