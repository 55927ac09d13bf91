from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "backmarket.events"
    label = "events"
