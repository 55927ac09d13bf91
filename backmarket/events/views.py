"""The one door through which providers' webhooks come in."""

import json

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from backmarket.errors import GatewayError
from backmarket.events import inbox

# The providers of a family: each has read_webhook(body, headers) -> the event id that it gave.
FAMILIES = {"payments": "backmarket.payments.gateways.module", "couriers": "backmarket.shipping.webhooks.door"}


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, family: str, name: str) -> HttpResponse:
    """Verify, keep, answer 200; a task interprets it. A bad signature is 400, an unknown provider 404."""
    try:
        provider = import_string(FAMILIES[family])(name)
    except (KeyError, GatewayError):
        return HttpResponse(status=404)
    try:
        external_id = provider.read_webhook(request.body, request.headers)
    except inbox.BadSignature:
        return HttpResponseBadRequest("bad signature")
    inbox.receive(f"{family}.{name}", external_id, json.loads(request.body))
    return JsonResponse({"received": True})
