"""What can be bought and sold: categories, products, variants, units, listings, and the buyable row per offer shown."""

import uuid
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from catalog.querysets import BuyableQuerySet, ListingQuerySet, ReservationQuerySet
from refurbishers.models import Refurbisher


class Grade(models.TextChoices):
    """Looks only: every grade works fully. Never "like new" (decree FR 2022-190)."""

    PREMIUM = "premium", _("Premium")
    EXCELLENT = "excellent", _("Excellent")
    GOOD = "good", _("Good")
    FAIR = "fair", _("Fair")


class Condition(models.TextChoices):
    """What a seller declares of a device, best first."""

    FUNCTIONAL_FLAWLESS = "FUNCTIONAL_FLAWLESS", _("Works, flawless")
    FUNCTIONAL_GOOD = "FUNCTIONAL_GOOD", _("Works, light marks")
    FUNCTIONAL_USED = "FUNCTIONAL_USED", _("Works, clearly used")
    FUNCTIONAL_CRACKED = "FUNCTIONAL_CRACKED", _("Works, cracked")
    NOT_FUNCTIONAL_USED = "NOT_FUNCTIONAL_USED", _("Does not work fully")
    NOT_FUNCTIONAL_CRACKED = "NOT_FUNCTIONAL_CRACKED", _("Does not work fully, cracked")


class VatScheme(models.TextChoices):
    REGULAR = "REGULAR", _("Regular VAT")
    MARGINAL = "MARGINAL", _("Margin scheme")


class Category(models.Model):
    """A device category. `attributes` declares its own facets; `impact` its footprint factors with source and range."""

    class Identifier(models.TextChoices):
        IMEI = "imei", _("IMEI")
        SERIAL = "serial", _("serial number")

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=60)
    form = models.CharField(_("drawing"), max_length=20)
    identifier = models.CharField(max_length=8, choices=Identifier)
    attributes = models.JSONField(default=list, blank=True)
    impact = models.JSONField(default=dict, blank=True)
    synonyms = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    experts = models.ManyToManyField(Refurbisher, related_name="categories", blank=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


class Product(models.Model):
    """A model of a maker."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    slug = models.SlugField(max_length=80, unique=True)
    brand = models.CharField(_("brand"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    form = models.CharField(_("drawing"), max_length=20)
    released_year = models.PositiveSmallIntegerField(_("released"))
    description = models.TextField(_("description"), blank=True)
    nicknames = models.CharField(_("nicknames"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["brand", "name"]

    def __str__(self) -> str:
        return f"{self.brand} {self.name}" if not self.name.startswith(self.brand) else self.name

    def get_absolute_url(self) -> str:
        return reverse("product", args=[self.slug])


class Variant(models.Model):
    """One SKU of a product. `attributes` holds values by key as the category declares ({"storage_gb": 128, …})."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    sku = models.CharField(_("SKU"), max_length=60, unique=True)
    label = models.CharField(_("label"), max_length=120)
    colour = models.CharField(_("colour"), max_length=30)
    attributes = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["product_id", "sku"]

    def __str__(self) -> str:
        return f"{self.product} · {self.label}"


class ReferencePrice(models.Model):
    """What the device costs new, with its source and date: a labelled reference, never struck through."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="reference_prices")
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    source = models.CharField(_("source"), max_length=120)
    source_date = models.DateField(_("date"))

    class Meta:
        verbose_name = _("price of a new one")
        verbose_name_plural = _("prices of new ones")
        ordering = ["-source_date"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "currency", "source_date"], name="reference_once_a_day"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="reference_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.source_date}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class QuestionSet(models.Model):
    """The questions a seller answers, versioned. `questions` is the list that grading.condition_of() reads."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="question_sets")
    version = models.PositiveSmallIntegerField()
    questions = models.JSONField()

    class Meta:
        verbose_name = _("question set")
        verbose_name_plural = _("question sets")
        ordering = ["category_id", "-version"]
        constraints = [models.UniqueConstraint(fields=["category", "version"], name="questions_version_once")]

    def __str__(self) -> str:
        return f"{self.category} v{self.version}"


class GradingSpecification(models.Model):
    """What a plant checks on a device of a category, versioned. `checks` is the list that grading.grade() reads."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="grading_specifications")
    version = models.PositiveSmallIntegerField()
    checks = models.JSONField()

    class Meta:
        verbose_name = _("grading specification")
        verbose_name_plural = _("grading specifications")
        ordering = ["category_id", "-version"]
        constraints = [models.UniqueConstraint(fields=["category", "version"], name="grading_version_once")]

    def __str__(self) -> str:
        return f"{self.category} v{self.version}"


class Unit(models.Model):
    """One physical device, by its IMEI or serial. It may be listed and sold only tested and erased."""

    class Status(models.TextChoices):
        IN_WORKSHOP = "in_workshop", _("in the workshop")
        READY = "ready", _("ready for sale")
        SOLD = "sold", _("sold")
        RECYCLED = "recycled", _("recycled")

    NOUN = "unit"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.IN_WORKSHOP: {Status.READY, Status.RECYCLED},
        Status.READY: {Status.SOLD, Status.IN_WORKSHOP, Status.RECYCLED},
        # A returned device comes back to the workshop.
        Status.SOLD: {Status.IN_WORKSHOP},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="units")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="units")
    identifier = models.CharField(_("IMEI or serial"), max_length=40)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.IN_WORKSHOP)
    grade = models.CharField(_("grade"), max_length=10, choices=Grade, blank=True)
    battery_percent = models.PositiveSmallIntegerField(_("battery health, %"), null=True, blank=True)
    vat_scheme = models.CharField(max_length=8, choices=VatScheme, default=VatScheme.MARGINAL)
    purchase_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    listing = models.ForeignKey("Listing", on_delete=models.PROTECT, null=True, blank=True, related_name="units")
    erasure_standard = models.CharField(_("erasure standard"), max_length=40, blank=True)
    erased_by = models.CharField(_("erased by"), max_length=80, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True)
    repaired_at = models.DateTimeField(_("repaired"), null=True, blank=True)
    parts_changed = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    sold_at = models.DateTimeField(null=True, blank=True)
    recycled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["ready", "sold"]) | Q(erased_at__isnull=False, tested_at__isnull=False),
                name="unit_ready_only_tested_and_erased",
            ),
            # A part changed forces a new test: the law's inspectors found it missing most often.
            models.CheckConstraint(
                condition=~Q(status__in=["ready", "sold"])
                | Q(repaired_at__isnull=True)
                | Q(tested_at__gte=F("repaired_at")),
                name="unit_tested_after_repair",
            ),
            models.UniqueConstraint(
                fields=["identifier"],
                condition=Q(status__in=["in_workshop", "ready"]),
                name="unit_identifier_once_in_stock",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant} …{self.identifier[-4:]}"


class Listing(models.Model):
    """A plant's offer of a variant in a grade. Stock: `on_hand` − `reserved` is what can still be bought."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ONLINE = "online", _("online")
        PAUSED = "paused", _("paused by the plant")
        BLOCKED = "blocked", _("blocked by the house")
        ARCHIVED = "archived", _("archived")

    NOUN = "listing"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.ONLINE, Status.ARCHIVED},
        Status.ONLINE: {Status.PAUSED, Status.BLOCKED, Status.ARCHIVED},
        Status.PAUSED: {Status.ONLINE, Status.BLOCKED, Status.ARCHIVED},
        Status.BLOCKED: {Status.PAUSED, Status.ARCHIVED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=models.Func(
            models.Value("catalog_listing_number"),
            function="nextval",
            template="nextval(%(expressions)s::regclass)",
            output_field=models.BigIntegerField(),
        ),
    )
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="listings")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="listings")
    grade = models.CharField(_("grade"), max_length=10, choices=Grade)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    price_minor = models.PositiveIntegerField(_("price"), validators=[MinValueValidator(1)])
    currency = models.CharField(max_length=3)
    on_hand = models.PositiveIntegerField(_("in stock"), default=0)
    reserved = models.PositiveIntegerField(_("reserved"), default=0)
    guarantee_months = models.PositiveSmallIntegerField(
        _("commercial guarantee, months"), default=12, validators=[MinValueValidator(12)]
    )
    shipping_days = models.PositiveSmallIntegerField(_("days on the road"), default=2)
    shipping_minor = models.PositiveIntegerField(_("shipping, minor units"), default=0)
    vat_scheme = models.CharField(max_length=8, choices=VatScheme, default=VatScheme.MARGINAL)
    new_battery = models.BooleanField(_("new battery"), default=False)
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    created_at = models.DateTimeField()
    online_at = models.DateTimeField(null=True, blank=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="listing_price_positive"),
            models.CheckConstraint(condition=Q(reserved__lte=F("on_hand")), name="listing_never_oversold"),
            models.CheckConstraint(condition=Q(guarantee_months__gte=12), name="listing_guarantee_a_year"),
            models.UniqueConstraint(
                fields=["plant", "variant", "grade"],
                condition=~Q(status="archived"),
                name="listing_one_per_plant_variant_grade",
            ),
        ]
        indexes = [
            models.Index(fields=["variant", "grade", "price_minor"], name="listing_live", condition=Q(status="online")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.variant_id} {self.grade}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class PriceChange(models.Model):
    """A price a listing had from `changed_at` on; a "price drop" must show the lowest of the previous 30 days."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="price_changes")
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ["-changed_at"]
        indexes = [models.Index(fields=["listing", "changed_at"], name="price_history")]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.changed_at}"


class StockReservation(models.Model):
    """Stock held for one checkout (`holder`, the order's UUID) for some minutes. Judged at read time, by `expires_at`.

    Open: neither released nor sold. `listing.reserved` is the sum of the open rows of a listing.
    """

    holder = models.UUIDField()
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    sold_at = models.DateTimeField(null=True, blank=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock reservation")
        verbose_name_plural = _("stock reservations")
        constraints = [
            models.UniqueConstraint(fields=["holder", "listing"], name="reservation_once_per_holder"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_positive"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(sold_at__isnull=True), name="reservation_one_end"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="reservation_open",
                condition=Q(released_at__isnull=True, sold_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing_id}"


class Buyable(models.Model):
    """One variant in one grade, denormalised: the only row that list pages read.

    Refreshed by services.buyables.refresh() in the transaction that changes a listing. Rows without any online
    listing stay, with `best_listing` empty and `in_stock` false, so that a product page can say so.
    """

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="buyables")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="buyables")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="buyables")
    grade = models.CharField(max_length=10, choices=Grade)
    best_listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=120)
    subtitle = models.CharField(max_length=160)
    slug = models.SlugField(max_length=80)
    sku = models.CharField(max_length=60)
    form = models.CharField(max_length=20)
    colour = models.CharField(max_length=30)
    brand = models.CharField(max_length=40)
    attributes = models.JSONField(default=dict)
    released_year = models.PositiveSmallIntegerField()
    price_minor = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3)
    reference_minor = models.PositiveIntegerField(null=True)
    reference_source = models.CharField(max_length=120, blank=True)
    reference_date = models.DateField(null=True)
    saving_bps = models.IntegerField(default=0)
    offer_count = models.PositiveSmallIntegerField(default=0)
    in_stock = models.BooleanField(default=False)
    plant_name = models.CharField(max_length=80, blank=True)
    plant_slug = models.CharField(max_length=50, blank=True)
    plant_country = models.CharField(max_length=2, blank=True)
    plant_rating_x10 = models.PositiveSmallIntegerField(null=True)
    guarantee_months = models.PositiveSmallIntegerField(default=0)
    shipping_days = models.PositiveSmallIntegerField(default=0)
    shipping_minor = models.PositiveIntegerField(default=0)
    score = models.IntegerField(default=0)
    search = SearchVectorField(null=True)
    search_text = models.TextField(blank=True)
    refreshed_at = models.DateTimeField(auto_now=True)

    objects = BuyableQuerySet.as_manager()

    class Meta:
        verbose_name = _("buyable")
        verbose_name_plural = _("buyables")
        constraints = [
            models.UniqueConstraint(fields=["variant", "grade"], name="buyable_once"),
            models.CheckConstraint(
                condition=Q(in_stock=False) | Q(best_listing__isnull=False, price_minor__isnull=False),
                name="buyable_in_stock_has_offer",
            ),
        ]
        indexes = [
            models.Index(fields=["category", "-score", "id"], name="buyable_best", condition=Q(in_stock=True)),
            models.Index(fields=["category", "price_minor", "id"], name="buyable_price", condition=Q(in_stock=True)),
            GinIndex(fields=["search"], name="buyable_search"),
            GinIndex(fields=["search_text"], name="buyable_trigram", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.subtitle} {self.grade}"

    @property
    def url(self) -> str:
        return f"{reverse('product', args=[self.slug])}?variant={self.sku}&grade={self.grade}"

    @property
    def price(self) -> Money | None:
        return None if self.price_minor is None else Money(self.price_minor, self.currency)

    @property
    def reference_price(self) -> Money | None:
        return None if self.reference_minor is None else Money(self.reference_minor, self.currency)

    @property
    def plant_rating(self) -> float | None:
        return None if self.plant_rating_x10 is None else self.plant_rating_x10 / 10

    def attribute(self, key: str) -> Any:
        return self.attributes.get(key)
