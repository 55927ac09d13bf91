from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_identifier_is_final")]
    operations = [
        migrations.AddField(
            model_name="order",
            name="cart",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="orders",
                to="orders.cart",
            ),
        ),
    ]
