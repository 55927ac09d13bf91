from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_order_cart")]
    operations = [
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "shipped")),
                fields=("identifier",),
                name="line_device_on_one_road",
            ),
        ),
    ]
