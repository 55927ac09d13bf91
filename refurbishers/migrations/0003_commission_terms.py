"""Commissions with days. The old column stays in the table, with a default, for processes of the version before."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

AGREED = """
INSERT INTO refurbishers_commissionterm (plant_id, rate_bps, from_date, agreed_at)
SELECT id, commission_bps, (created_at AT TIME ZONE 'UTC')::date, created_at
FROM refurbishers_refurbisher WHERE commission_bps <> 1000;
"""
BACK = """
UPDATE refurbishers_refurbisher AS plant SET commission_bps = term.rate_bps
FROM refurbishers_commissionterm AS term
WHERE term.plant_id = plant.id AND term.from_date <= current_date
    AND (term.to_date IS NULL OR term.to_date > current_date);
"""


class Migration(migrations.Migration):
    dependencies = [("refurbishers", "0002_invitation")]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="CommissionTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rate_bps", models.PositiveIntegerField(verbose_name="commission, basis points")),
                ("from_date", models.DateField(verbose_name="from")),
                ("to_date", models.DateField(blank=True, null=True, verbose_name="until before")),
                ("agreed_at", models.DateTimeField(verbose_name="agreed")),
                (
                    "plant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commission_terms",
                        to="refurbishers.refurbisher",
                    ),
                ),
            ],
            options={
                "verbose_name": "commission term",
                "verbose_name_plural": "commission terms",
                "ordering": ["plant", "-from_date"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("rate_bps__lte", 10000)), name="commission_is_a_share"),
                    models.CheckConstraint(
                        condition=models.Q(("to_date", None), ("to_date__gt", models.F("from_date")), _connector="OR"),
                        name="commission_term_has_days",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("plant", "="),
                            (
                                models.Func(
                                    "from_date",
                                    "to_date",
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="commission_one_a_day",
                    ),
                ],
            },
        ),
        migrations.RunSQL(AGREED, BACK),
        migrations.RunSQL(
            "ALTER TABLE refurbishers_refurbisher ALTER COLUMN commission_bps SET DEFAULT 1000",
            "ALTER TABLE refurbishers_refurbisher ALTER COLUMN commission_bps DROP DEFAULT",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="refurbisher", name="plant_commission_share"),
                migrations.RemoveField(model_name="refurbisher", name="commission_bps"),
            ],
        ),
    ]
