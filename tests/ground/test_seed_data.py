"""The data that a first installation stands on is complete, consistent and free of words the law forbids."""

import datetime as dt
import itertools
import json
import re
from pathlib import Path

import pytest

from backmarket.management.seed_data import categories, clauses, grading, people, plants, products, questions, words
from catalog.drawing_forms import FORMS

SLUGS = {category.slug for category in categories.CATEGORIES}
LOOKS = questions.LOOKS
TABLES = Path(categories.__file__).parent


def condition(chosen: list[dict]) -> str:
    looks = max((option["looks"] for option in chosen), key=LOOKS.index)
    if all(option["functional"] for option in chosen):
        return f"FUNCTIONAL_{looks.upper()}"
    return "NOT_FUNCTIONAL_CRACKED" if looks == "cracked" else "NOT_FUNCTIONAL_USED"


def outcomes(check: dict) -> list[dict]:
    return check.get("options") or check["bands"]


def test_the_demo_is_as_large_as_promised():
    assert len(SLUGS) == len(categories.CATEGORIES) >= 10
    assert len(products.PRODUCTS) >= 150
    assert {product.category for product in products.PRODUCTS} == SLUGS
    assert len(plants.PLANTS) == len(plants.PLANT_BY_SLUG) == 30


def test_slugs_skus_and_positions_are_unique():
    skus = [variant.sku for product in products.PRODUCTS for variant in product.variants]
    assert len(set(skus)) == len(skus)
    assert max(map(len, skus)) <= 64
    assert len(products.PRODUCT_BY_SLUG) == len(products.PRODUCTS)
    assert [c.position for c in categories.CATEGORIES] == list(range(1, len(SLUGS) + 1))


@pytest.mark.parametrize("product", products.PRODUCTS, ids=lambda product: product.slug)
def test_a_product_is_sold_in_variants_that_its_category_can_describe(product):
    category = categories.CATEGORY_BY_SLUG[product.category]
    kinds = {attribute.key: attribute for attribute in category.attributes}
    described = [product.attributes_of(variant) for variant in product.variants]
    assert 1 <= len(described) <= 8
    assert len({json.dumps(facts, sort_keys=True) for facts in described}) == len(described)
    for facts in described:
        assert set(facts) <= set(kinds)
        for key, value in facts.items():
            assert isinstance(value, str) is (kinds[key].kind != "number")
            assert not kinds[key].choices or value in kinds[key].choices
    assert (product.form or category.form) in FORMS


def test_devices_are_drawn_with_the_looks_that_shoppers_tell_them_apart_by():
    forms = {product.slug: product.form for product in products.PRODUCTS}
    assert [product.slug for product in products.PRODUCTS if product.form == "phone"] == []
    assert forms["apple-iphone-7"] == forms["apple-iphone-se-2022"] == "phone-home-single"
    assert (forms["apple-iphone-x"], forms["apple-iphone-13-pro"]) == ("phone-notch-line", "phone-notch-trio")
    assert (forms["apple-iphone-14"], forms["apple-iphone-14-pro"]) == ("phone-notch-slant", "phone-island-trio")
    assert (forms["google-pixel-8"], forms["samsung-galaxy-s23"]) == ("phone-hole-bar", "phone-hole-column")
    assert (forms["samsung-galaxy-z-flip4"], forms["samsung-galaxy-z-fold4"]) == ("foldable-flip", "foldable")
    assert (forms["apple-ipad-2021"], forms["apple-ipad-2022"]) == ("tablet-home", "")


@pytest.mark.parametrize("product", products.PRODUCTS, ids=lambda product: product.slug)
def test_a_launch_price_has_an_amount_a_day_and_a_source(product):
    assert min(product.price_new_minor(variant) for variant in product.variants) == product.launch_minor > 0
    assert dt.date(2016, 1, 1) <= dt.date.fromisoformat(product.launch_date) <= dt.date(2026, 12, 31)
    assert product.price_source


def test_impact_lies_in_its_range_and_says_where_it_comes_from():
    for category in categories.CATEGORIES:
        impact = category.impact
        assert 0 < impact.co2e_low_g <= impact.co2e_g <= impact.co2e_high_g
        assert impact.measured or "extrapolation" in impact.source


def test_plants_are_expert_in_known_categories_and_every_category_has_three():
    skills = [slug for plant in plants.PLANTS for slug in plant.expertise]
    assert all(skills.count(slug) >= 3 for slug in SLUGS)
    for plant in plants.PLANTS:
        assert 2 <= len(set(plant.expertise) & SLUGS) == len(plant.expertise) <= 5
        assert re.fullmatch(r"[a-z0-9-]+", plant.slug)
        assert 0 <= plant.price_level <= 100
        assert 0 <= plant.quality_level <= 100


def test_a_person_is_always_the_same_and_receives_no_mail():
    crowd = [people.person(index) for index in range(3000)]
    assert crowd == [people.person(index) for index in range(3000)]
    assert len({person.email for person in crowd}) == 3000
    assert all(person.email.endswith("@example.com") for person in crowd)


@pytest.mark.parametrize("slug", sorted(SLUGS))
def test_the_answers_of_a_question_set_reach_every_condition(slug):
    asked = questions.QUESTION_SETS[slug]["questions"]
    assert 4 <= len(asked) <= 7
    assert len({question["code"] for question in asked}) == len(asked)
    best = {q["code"]: next(o for o in q["options"] if condition([o]) == "FUNCTIONAL_FLAWLESS") for q in asked}
    twists = [(q["code"], option) for q in asked for option in q["options"]]
    pairs = itertools.product(twists, repeat=2)
    assert {condition(list({**best, **dict(pair)}.values())) for pair in pairs} == set(categories.CONDITIONS)


@pytest.mark.parametrize("slug", sorted(SLUGS))
def test_a_grading_specification_checks_every_answer_in_the_answer_s_own_terms(slug):
    checks = grading.GRADING[slug]["checks"]
    asked = {question["code"]: question for question in questions.QUESTION_SETS[slug]["questions"]}
    assert 15 <= len(checks) <= 30
    assert len({check["code"] for check in checks}) == len(checks)
    assert {check["answer"] for check in checks} - {None} == set(asked)
    for check in checks:
        assert check["chapter"] in grading.CHAPTERS
        sayable = asked[check["answer"]]["options"] if check["answer"] else [{"functional": True, "looks": "flawless"}]
        effects = {(option["functional"], option["looks"]) for option in sayable}
        assert {(outcome["functional"], outcome["looks"]) for outcome in outcomes(check)} <= effects


@pytest.mark.parametrize("slug", sorted(SLUGS))
def test_every_grade_is_reachable_and_a_failed_check_allows_none(slug):
    checks = grading.GRADING[slug]["checks"]
    assert all(outcomes(check)[0]["grade"] == "PREMIUM" for check in checks)
    given = {outcome["grade"] for check in checks for outcome in outcomes(check)}
    assert given == {*categories.GRADES, None}
    failures = [check["options"][-1] for check in checks if check["kind"] == "pass_fail"]
    assert all(failure["grade"] is None for failure in failures)


def test_premium_asks_for_nine_tenths_of_the_battery():
    health = next(c for c in grading.GRADING["smartphones"]["checks"] if c["code"] == "battery_health")
    assert health["thresholds"] == {"PREMIUM": 90, "EXCELLENT": 85, "GOOD": 80, "FAIR": 80}
    assert health["min"] == 80


def test_the_specification_covers_its_chapters_and_the_thresholds_of_the_ladder():
    assert 25 <= len(clauses.CLAUSES) == len({clause.code for clause in clauses.CLAUSES}) <= 40
    assert {clause.chapter for clause in clauses.CLAUSES} == set(clauses.CHAPTERS)
    ladder = {clause.measure: (clause.watch, clause.restrict) for clause in clauses.CLAUSES if clause.measure}
    assert len(ladder) == 12
    assert ladder["defect_rate_30d"] == (200, 500)
    assert ladder["late_shipment_rate"] == ladder["late_answer_rate"] == (700, 1500)
    assert ladder["cancellation_rate"] == (300, 800)
    assert ladder["rating_average"] == (400, None)


def test_there_are_words_for_every_category_and_every_star():
    assert set(words.FAMILIES) == set(words.ISSUES) == SLUGS
    assert sum(len(texts) for family in words.REVIEWS.values() for texts in family.values()) >= 110
    assert all(set(texts) <= {"any", *words.FAMILIES.values()} for texts in words.REVIEWS.values())
    assert min(len(words.reviews_for(slug, stars)) for slug in SLUGS for stars in range(1, 6)) >= 5
    assert sum(map(len, words.REPLIES.values())) == 25
    for issues in words.ISSUES.values():
        assert len({issue.code for issue in issues}) == len(issues)
        assert {issue.tag for issue in issues} <= set(words.TAGS)


def test_question_sets_and_specifications_survive_json():
    for table in (questions.QUESTION_SETS, grading.GRADING):
        assert json.loads(json.dumps(table)) == table


def test_nothing_is_called_as_the_law_forbids():
    for table in TABLES.glob("*.py"):
        assert not re.search(r"\b(like|as)[\s-]+new\b", table.read_text(encoding="utf-8"), re.IGNORECASE), table.name
