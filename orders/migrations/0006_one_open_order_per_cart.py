from django.db import migrations, models

# The newest order of a cart keeps it; older ones that wait go on by themselves until they are paid or fail.
LET_GO = """
UPDATE orders_order SET cart_id = NULL
WHERE payment_status IN ('pending', 'authorised') AND EXISTS (
    SELECT 1 FROM orders_order newer
    WHERE newer.cart_id = orders_order.cart_id AND newer.number > orders_order.number
        AND newer.payment_status IN ('pending', 'authorised')
);
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_plants_pay_for_devices")]
    operations = [
        migrations.AddField(
            model_name="order",
            name="snapshot",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.RunSQL(LET_GO, migrations.RunSQL.noop),
        # The rows just written owe deferred checks of their keys, before which no index can be made.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("payment_status__in", ["pending", "authorised"])),
                fields=("cart",),
                name="order_one_open_per_cart",
            ),
        ),
    ]
