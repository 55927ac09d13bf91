import backmarket.files
import uuid
from django.db import migrations, models


# Until now each pickup was a visit of its own, and every cancellation had been told to the courier.
FILL = """
    UPDATE shipping_pickup SET visit = id;
    UPDATE shipping_pickup SET void_at = cancelled_at WHERE status = 'cancelled';
    UPDATE shipping_parcel SET void_at = cancelled_at WHERE status = 'cancelled';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('shipping', '0002_parcel_booked_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='parcel',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='parcel',
            name='gateway_id',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='parcel',
            name='label',
            field=models.FileField(blank=True, storage=backmarket.files.private_files, upload_to='labels/%Y/%m'),
        ),
        migrations.AddField(
            model_name='parcel',
            name='refusal',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='parcel',
            name='void_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='pickup',
            name='gateway_id',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='pickup',
            name='refusal',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='pickup',
            name='visit',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='pickup',
            name='void_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='pickup',
            name='visit',
            field=models.UUIDField(db_index=True, default=uuid.uuid4),
        ),
        migrations.AlterField(
            model_name='trackingpoint',
            name='code',
            field=models.CharField(choices=[('pickup_attempted', 'Nobody was in'), ('pickup_failed', 'Collection failed'), ('collected', 'Collected at the door'), ('in_transit', 'On its way'), ('out_for_delivery', 'Out for delivery'), ('held', 'Waiting to be fetched by the recipient'), ('delivered', 'Delivered'), ('lost', 'Lost'), ('damaged', 'Damaged on the way'), ('returning', 'Not accepted, on its way back to the sender'), ('problem', 'The courier reports a problem')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='parcel',
            index=models.Index(condition=models.Q(('status', 'cancelled'), ('void_at', None)), fields=['cancelled_at'], name='parcel_to_void'),
        ),
        migrations.AddIndex(
            model_name='parcel',
            index=models.Index(condition=models.Q(('status__in', ['created', 'in_transit'])), fields=['booked_at'], name='parcel_on_the_road'),
        ),
        migrations.AddIndex(
            model_name='pickup',
            index=models.Index(condition=models.Q(('confirmation', ''), ('status', 'booked')), fields=['created_at'], name='pickup_to_book'),
        ),
        migrations.AddIndex(
            model_name='pickup',
            index=models.Index(condition=models.Q(('status', 'cancelled'), ('void_at', None)), fields=['cancelled_at'], name='pickup_to_void'),
        ),
    ]
