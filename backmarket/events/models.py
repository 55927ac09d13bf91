"""Events: the audit trail and the queue in one table."""

from django.db import models

from backmarket.events.querysets import DeliveryQuerySet, EventQuerySet


class Event(models.Model):
    """Something that happened. Append-only: a trigger refuses DELETE, and UPDATE of anything but `published_at`.

    `subject` is "<app>.<model>" and the row's key; `actor` is "user:<id>", "system:<job>", "guest" or "gateway:<name>".
    `data` holds ids and codes, never personal data.
    """

    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    actor = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["kind", "happened_at"], name="event_kind"),
            models.Index(fields=["id"], name="event_unpublished", condition=models.Q(published_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id}"


class EventDelivery(models.Model):
    """One handler's turn with one event. Written when the event is published, done when `handled_at` is set."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    handler = models.CharField(max_length=120)
    queued_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="event_handled_once"),
        ]
        indexes = [
            models.Index(fields=["queued_at"], name="delivery_waiting", condition=models.Q(handled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.handler} of {self.event_id}"


class IncomingWebhook(models.Model):
    """A webhook as it came, kept once per provider and the provider's own event id, interpreted by a task."""

    provider = models.CharField(max_length=30)
    external_id = models.CharField(max_length=120)
    body = models.JSONField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "external_id"], name="webhook_received_once"),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="webhook_waiting", condition=models.Q(handled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.external_id}"
