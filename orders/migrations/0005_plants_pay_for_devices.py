from django.db import migrations, models

# A settled row says what a plant was paid for; a row's amount says what it was. Neither changes afterwards.
FREEZE = """
CREATE FUNCTION refuse_settled_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of a plant is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER earning_is_frozen_once_settled BEFORE UPDATE OR DELETE ON orders_earning
    FOR EACH ROW WHEN (OLD.settlement_id IS NOT NULL) EXECUTE FUNCTION refuse_settled_change();
CREATE TRIGGER earning_amount_is_final BEFORE UPDATE ON orders_earning
    FOR EACH ROW WHEN (
        (OLD.plant_id, OLD.kind, OLD.amount_minor, OLD.currency, OLD.line_id, OLD.reference)
        IS DISTINCT FROM (NEW.plant_id, NEW.kind, NEW.amount_minor, NEW.currency, NEW.line_id, NEW.reference)
    ) EXECUTE FUNCTION refuse_settled_change();
CREATE TRIGGER settlement_amount_is_final BEFORE UPDATE ON orders_settlement
    FOR EACH ROW WHEN (
        (OLD.plant_id, OLD.settled_date, OLD.total_minor, OLD.currency)
        IS DISTINCT FROM (NEW.plant_id, NEW.settled_date, NEW.total_minor, NEW.currency)
    ) EXECUTE FUNCTION refuse_settled_change();
CREATE TRIGGER settlement_is_kept BEFORE DELETE ON orders_settlement
    FOR EACH ROW EXECUTE FUNCTION refuse_settled_change();
"""
THAW = """
DROP TRIGGER settlement_is_kept ON orders_settlement;
DROP TRIGGER settlement_amount_is_final ON orders_settlement;
DROP TRIGGER earning_amount_is_final ON orders_earning;
DROP TRIGGER earning_is_frozen_once_settled ON orders_earning;
DROP FUNCTION refuse_settled_change();
"""
# What the books say that plants owe for devices has never been set off: from now on the next settlement does.
OWE = """
INSERT INTO orders_earning (plant_id, kind, reference, label, amount_minor, currency, due_at, created_at)
SELECT entry.party::uuid, 'trade', movement.reference, movement.label, entry.amount_minor, entry.currency,
    movement.happened_at, movement.happened_at
FROM payments_ledgerentry entry JOIN payments_ledgermovement movement ON movement.id = entry.movement_id
WHERE movement.kind = 'trade' AND entry.account = 'plant'
"""
FORGET = "DELETE FROM orders_earning WHERE kind IN ('trade', 'received')"


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0004_device_on_one_road'),
        ('payments', '0004_payout_files_and_reports'),
        ('refurbishers', '0002_invitation'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='earning',
            name='earning_sign_fits_kind',
        ),
        migrations.AddField(
            model_name='earning',
            name='label',
            field=models.CharField(blank=True, default='', max_length=160, verbose_name='about'),
        ),
        migrations.AddField(
            model_name='earning',
            name='reference',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='earning',
            name='kind',
            field=models.CharField(choices=[('sale', 'sale'), ('refund', 'refund'), ('carried', 'carried over'), ('trade', 'device bought'), ('received', 'transfer received')], max_length=8, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='earning',
            constraint=models.UniqueConstraint(fields=('kind', 'reference'), name='earning_once_per_reference'),
        ),
        migrations.AddConstraint(
            model_name='earning',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('carried_from__isnull', False), ('kind', 'carried'), ('line__isnull', True)), models.Q(('amount_minor__lte', 0), ('kind', 'trade'), ('line__isnull', True), ('reference__isnull', False)), models.Q(('amount_minor__gt', 0), ('kind', 'received'), ('line__isnull', True), ('reference__isnull', False)), models.Q(('amount_minor__gte', 0), ('kind', 'sale'), ('line__isnull', False)), models.Q(('amount_minor__lte', 0), ('kind', 'refund'), ('line__isnull', False)), _connector='OR'), name='earning_sign_fits_kind'),
        ),
        migrations.RunSQL(OWE, FORGET),
        migrations.RunSQL(FREEZE, THAW),
    ]
