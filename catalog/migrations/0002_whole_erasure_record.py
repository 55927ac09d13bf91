"""An erasure names its tool and the person who did it. Names typed before become the colleague of that name, else
whoever noted it, else the plant's owner, who answers for its records."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

FORWARD = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE catalog_unit u SET erasure_tool = 'not recorded', erased_by_id = coalesce(
    (SELECT m.user_id FROM refurbishers_member m JOIN accounts_user p ON p.id = m.user_id
     WHERE m.plant_id = u.plant_id AND p.full_name = u.erased_by_name ORDER BY m.id LIMIT 1),
    (SELECT p.id FROM events_event e JOIN accounts_user p ON e.actor = 'user:' || p.id
     WHERE e.subject_type = 'catalog.unit' AND e.subject_id = u.id::text AND e.kind = 'unit.erased'
     ORDER BY e.id DESC LIMIT 1),
    (SELECT m.user_id FROM refurbishers_member m WHERE m.plant_id = u.plant_id
     ORDER BY (m.role = 'owner') DESC, m.id LIMIT 1)
) WHERE u.erased_at IS NOT NULL;
"""
BACKWARD = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE catalog_unit u SET erased_by_name = left(coalesce(nullif(p.full_name, ''), p.email), 80)
FROM accounts_user p WHERE p.id = u.erased_by_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("refurbishers", "0002_invitation"),
        ("events", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RenameField("unit", "erased_by", "erased_by_name"),
        migrations.AddField(
            "unit",
            "erasure_tool",
            models.CharField(blank=True, default="", max_length=80, verbose_name="erasure tool"),
            preserve_default=False,
        ),
        migrations.AddField(
            "unit",
            "erased_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="erased by",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveField("unit", "erased_by_name"),
        migrations.AddConstraint(
            "unit",
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | ~Q(erasure_standard="") & ~Q(erasure_tool="") & Q(erased_by__isnull=False),
                name="unit_erasure_is_whole",
            ),
        ),
    ]
