"""Where other programs are told what happens, and what became of it."""

from django.contrib import admin, messages
from django.utils import timezone

from ..forms import EndpointForm
from ..models import WebhookDelivery, WebhookEndpoint
from .common import Kept, Prefilled, Read


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(Prefilled, Kept):
    """Its secrets stand on its own page, for administrators alone."""

    form = EndpointForm
    list_display = ["address", "description", "is_active", "off_because", "paused_until"]
    list_filter = ["is_active"]
    search_fields = ["address", "description"]
    readonly_fields = ["off_because", "paused_until", "secrets"]
    actions = ["renew_secret", "end_old_secret"]

    def get_fields(self, request, obj=None) -> list:
        fields = ["address", "description", "kinds", "is_active"]
        if obj is None:
            return fields
        more = fields + [name for name in ("off_because", "paused_until") if getattr(obj, name)]
        return [*more, "secrets"] if request.user.is_superuser else more

    @admin.display(description="secrets, each of which signs")
    def secrets(self, endpoint: WebhookEndpoint) -> str:
        return " ".join(endpoint.secrets)

    @admin.action(
        description="Make a new secret, which signs beside the present one", permissions=["change"]
    )
    def renew_secret(self, request, endpoints) -> None:
        for endpoint in endpoints:
            endpoint.renew_secret()
        said = "There is a new secret: give it to the receiver, then end the old one."
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description="End the old secret", permissions=["change"])
    def end_old_secret(self, request, endpoints) -> None:
        ended = endpoints.exclude(salt_before=None).update(salt_before=None)
        self.message_user(request, f"Old secrets ended: {ended}.", messages.SUCCESS)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(Read):
    """What leaves the site can be sent again, by administrators, for some weeks."""

    list_display = ["kind", "at", "endpoint", "state", "tries", "due_at", "answer"]
    list_filter = ["state", "endpoint"]
    list_select_related = ["endpoint"]
    search_fields = ["endpoint__description", "kind", "answer"]
    date_hierarchy = "at"
    fields = [
        *("kind", "at", "endpoint", "message_id", "body"),
        *("state", "tries", "tried_at", "answer", "due_at"),
    ]
    readonly_fields = fields
    actions = ["send_again"]

    def has_send_permission(self, request) -> bool:
        return request.user.is_superuser

    @admin.action(description="Send the chosen again", permissions=["send"])
    def send_again(self, request, deliveries) -> None:
        chosen = deliveries.order_by().filter(endpoint__is_active=True)
        number = WebhookDelivery.objects.filter(pk__in=chosen.values("pk")).send_again(
            timezone.now()
        )
        said = f"Deliveries that are sent again: {number}."
        left = deliveries.count() - number
        if left:
            said += f" {left} are for an endpoint that is switched off."
        self.message_user(request, said, messages.WARNING if left else messages.SUCCESS)
