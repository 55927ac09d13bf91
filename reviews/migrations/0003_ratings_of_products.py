from django.db import migrations

# The stars of a buyer's rating are the mean of its three answers, half up: Review.stars.
FILL = """
UPDATE catalog_product SET rating_sum = rated.stars, rating_count = rated.count
FROM (
    SELECT product_slug, SUM((2 * (stars_device + stars_delivery + stars_service) + 3) / 6) AS stars, COUNT(*) AS count
    FROM reviews_review WHERE line_id IS NOT NULL AND removed_at IS NULL GROUP BY product_slug
) AS rated
WHERE rated.product_slug = catalog_product.slug
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_product_page"), ("reviews", "0002_questions_and_answers")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
