import django.db.models.deletion
from django.db import migrations, models

from backmarket.taxes import tax_of_sale

CHUNK = 500


def fill_taxes(apps, schema_editor):
    """What was sold before: whose VAT is in the price. The commission had the house's own 20 % until now."""
    OrderLine = apps.get_model("orders", "OrderLine")
    found = OrderLine.objects.values_list(
        "pk", "vat_scheme", "plant__country", "order__address__country", "order__placed_at"
    )
    for pk, scheme, seller, buyer, at in found.iterator(chunk_size=CHUNK):
        taxed = tax_of_sale(margin=scheme == "MARGINAL", seller=seller, buyer=buyer, on=at.date())
        OrderLine.objects.filter(pk=pk).update(vat_country=taxed.country, vat_bps=taxed.bps)


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0012_json_shapes'),
        ('invoices', '0002_append_only'),
        ('orders', '0007_changes_of_mind'),
        ('refurbishers', '0002_invitation'),
    ]

    operations = [
        migrations.AddField(
            model_name='orderline',
            name='commission_vat_bps',
            field=models.PositiveSmallIntegerField(db_default=2000),
        ),
        migrations.AddField(
            model_name='orderline',
            name='invoice',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='invoices.invoice'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='vat_bps',
            field=models.PositiveSmallIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='orderline',
            name='vat_country',
            field=models.CharField(blank=True, db_default='', max_length=2),
        ),
        migrations.RunPython(fill_taxes, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('vat_bps__lte', 10000), ('vat_scheme', 'REGULAR')), ('vat_bps', 0), _connector='OR'), name='line_margin_shows_no_vat'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('commission_vat_bps__lte', 10000)), name='line_commission_vat_share'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('invoice', None), ('shipped_at__isnull', False), _connector='OR'), name='line_invoiced_once_sent'),
        ),
    ]
