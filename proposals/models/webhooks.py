"""Whom the site tells what happens, and what they are still to be told."""

import base64
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .catalogue import one_of
from .fields import LineField
from .proposal import Proposal
from .states import actions
from .transitions import Transition


class WebhookEndpoint(models.Model):
    """A receiver of webhooks (Standard Webhooks 1.0).

    No secret is in the table: each follows from SECRET_KEY and a salt. While there is a
    `salt_before`, deliveries are signed by both, so that the receiver can change over in between.
    """

    address = LineField(max_length=500, help_text="https://receiver.example/waltzflow")
    description = LineField(max_length=200, blank=True)
    kinds = models.JSONField(
        "events", default=list, blank=True, help_text="None chosen: all, and those to come."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Without it nothing is sent, and nothing is kept for it."
    )
    off_because = models.CharField("switched off", max_length=200, blank=True, editable=False)
    paused_until = models.DateTimeField(
        "wants nothing until", null=True, editable=False, help_text="As it asked (Retry-After)."
    )
    salt = models.UUIDField(default=uuid4, editable=False)
    salt_before = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["address", "pk"]

    def __str__(self) -> str:
        # Not its address: that may hold what only the receiver should know, and this is logged.
        return f"Endpoint {self.pk}" + (f" ({self.description})" if self.description else "")

    @classmethod
    def open_at(cls, at: datetime) -> "models.QuerySet[WebhookEndpoint]":
        """Those that are sent to now."""
        is_paused = Q(paused_until__gt=at)
        return cls.objects.filter(is_active=True).exclude(is_paused)

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    @property
    def secrets(self) -> list[str]:
        """As receivers take them, the newest first."""
        return [f"whsec_{base64.b64encode(key).decode()}" for key in self._keys()]

    def signatures(self, message: bytes) -> str:
        """One by each secret."""
        made = [hmac.digest(key, message, "sha256") for key in self._keys()]
        return " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in made)

    def _keys(self) -> list[bytes]:
        salts = [salt for salt in (self.salt, self.salt_before) if salt]
        return [
            # The name goes into every secret, so it stays as it is wherever this module moves.
            salted_hmac("proposals.models.webhooks", str(salt), algorithm="sha256").digest()
            for salt in salts
        ]

    def renew_secret(self) -> None:
        """Another one signs, beside the one that did."""
        self.salt, self.salt_before = uuid4(), self.salt
        self.save(update_fields=["salt", "salt_before"])


class DeliveryState(models.TextChoices):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    GIVEN_UP = "GIVEN_UP", "Given up"


class WebhookDeliveryQuerySet(models.QuerySet):
    def queue(self, proposal: Proposal, steps: Iterable[Transition]) -> None:
        """What each endpoint is to be told of these steps, in the transaction that made them. Of
        what becomes of a draft nobody else is told.
        """
        if proposal.submitted_at is None:
            return
        endpoints = list(WebhookEndpoint.objects.filter(is_active=True))
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                endpoint=endpoint, kind=kind, body=body_of(kind, step), at=step.at, due_at=step.at
            )
            for step in (steps if endpoints else [])
            for kind in [actions()[step.action].kind_of_event]
            for endpoint in endpoints
            if endpoint.wants(kind)
        )

    def waiting(self):
        return self.filter(state=DeliveryState.WAITING)

    def due(self, at: datetime):
        """Those tried least come first, so that one that always fails holds up no other."""
        return self.waiting().filter(due_at__lte=at).order_by("tries", "due_at", "pk")

    def send_again(self, at: datetime) -> int:
        """From the first try on: how many. The receiver knows by `message_id` what it has."""
        return self.update(state=DeliveryState.WAITING, due_at=at, tries=0)


class WebhookDelivery(models.Model):
    """One event for one endpoint. No part of the record: it goes some weeks later.

    `body` is sent as it stands, to the byte. `answer` is what came of the last try.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries")
    message_id = models.UUIDField(default=uuid4, unique=True)
    kind = models.CharField("event", max_length=60)
    # Text and no JSON column: PostgreSQL would write that anew, and these bytes are signed.
    body = models.TextField()
    at = models.DateTimeField("happened")
    state = models.CharField(
        max_length=10, choices=DeliveryState, default=DeliveryState.WAITING, editable=False
    )
    due_at = models.DateTimeField("next try", null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField("last try", null=True)
    answer = models.CharField(max_length=200, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-pk"]
        constraints = [
            one_of("state", DeliveryState, "webhook_delivery_state"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.WAITING, due_at__isnull=False)
                | (~Q(state=DeliveryState.WAITING) & Q(due_at=None)),
                name="webhook_delivery_due_while_waiting",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "tries", "due_at", "id"],
                condition=Q(state=DeliveryState.WAITING),
                name="webhook_delivery_waiting",
            ),
            models.Index(fields=["at"], name="webhook_delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"

    def headers(self, sent_at: int) -> dict[str, str]:
        """Those of Standard Webhooks; `sent_at` in seconds of Unix time."""
        name = f"msg_{self.message_id.hex}"
        return {
            "webhook-id": name,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": self.endpoint.signatures(f"{name}.{sent_at}.{self.body}".encode()),
        }


def body_of(kind: str, step: Transition) -> str:
    """What happened to which proposal and where to read about it: no names and no content, which
    the receiver asks the API for, with rights of its own.
    """
    proposal = step.proposal
    address = reverse("api:proposal", args=[proposal.pk])
    data = {
        "proposal": proposal.pk,
        "address": f"{settings.ORIGIN}{address}",
        "transition": step.pk,
        "action": step.action,
        "side": step.side,
        "state": step.to_state,
        "logical_flow": proposal.result_logical_flow_id,
        "physical_flow": proposal.result_physical_flow_id,
    }
    at = step.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": at, "data": data})
