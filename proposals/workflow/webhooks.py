"""How webhooks leave: signed, to every receiver at the same time, and again with growing pauses
until one takes it, or three days have passed.
"""

import logging
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from django.db import transaction

from ..models import DeliveryState, WebhookDelivery, WebhookEndpoint
from . import notices
from .periodic import alone
from .posting import Answer, NotPosted, post

log = logging.getLogger(__name__)

PAUSES = [
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 20)),
]
KEPT = timedelta(days=30)
QUIET = timedelta(days=1)  # between two mails about one receiver
GONE = 410
MOST_AT_ONCE = 32  # receivers
MOST_OF_ONE = 100  # deliveries to one receiver in a pass
SECONDS = 10  # after which a pass begins nothing more: what is newly due comes with the next


def send_webhooks(at: datetime) -> tuple[int, int]:
    """Send what is due: (how many were taken, how many are given up). A receiver that fails has to
    wait for the next pass, so that none costs more than one wait in each.

    One pass at a time for one database; a second one leaves at once. A worker killed between
    sending and recording it leaves a delivery that is sent again, under the same number.
    """
    with alone("webhooks") as is_alone:
        return _send_due(at) if is_alone else (0, 0)


def _send_due(at: datetime) -> tuple[int, int]:
    of_each = [
        deque(endpoint.deliveries.due(at)[:MOST_OF_ONE]) for endpoint in WebhookEndpoint.open_at(at)
    ]
    queues = [queue for queue in of_each if queue]
    sent = given_up = 0
    if not queues:
        return sent, given_up
    began = time.monotonic()
    # Its threads talk to receivers and to nobody else: all that is of the database is done here.
    with ThreadPoolExecutor(min(len(queues), MOST_AT_ONCE)) as pool:
        running = {pool.submit(_sent, queue[0]): queue for queue in queues}
        while running:
            for answer in wait(running, return_when=FIRST_COMPLETED).done:
                queue = running.pop(answer)
                answered_at = at + timedelta(seconds=time.monotonic() - began)
                state = _record(queue.popleft(), answer, at, answered_at)
                sent += state == DeliveryState.DELIVERED
                given_up += state == DeliveryState.GIVEN_UP
                if state == DeliveryState.DELIVERED and queue and _is_early(began):
                    running[pool.submit(_sent, queue[0])] = queue
    return sent, given_up


def _is_early(began: float) -> bool:
    return time.monotonic() - began < SECONDS


def _sent(delivery: WebhookDelivery) -> Answer:
    """The receiver's answer. The signature is as old as this try, not as the event."""
    headers = {"Content-Type": "application/json"} | delivery.headers(int(time.time()))
    return post(delivery.endpoint.address, delivery.body.encode(), headers)


@transaction.atomic
def _record(
    delivery: WebhookDelivery, answer: Future[Answer], at: datetime, answered_at: datetime
) -> DeliveryState:
    """What came of this try: taken (2xx), tried again, or given up, which administrators are
    told.
    """
    said, words = _read(delivery, answer)
    status, state = said.status, DeliveryState.WAITING
    if 200 <= status < 300:
        state = DeliveryState.DELIVERED
    elif status == GONE or delivery.tries >= len(PAUSES):
        state = DeliveryState.GIVEN_UP
    is_waiting = state == DeliveryState.WAITING
    wanted_at = answered_at + said.retry_after
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=state,
        due_at=max(at + PAUSES[delivery.tries], wanted_at) if is_waiting else None,
        tries=delivery.tries + 1,
        tried_at=at,
        answer=words,
    )
    if state != DeliveryState.DELIVERED:
        outcome = "is tried again later" if is_waiting else "is given up"
        log.warning("%s to %s %s: %s", delivery, delivery.endpoint, outcome, words)
        if said.retry_after:
            # Nothing else that waits for it is sent either, nor what comes meanwhile.
            WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(paused_until=wanted_at)
    if state == DeliveryState.GIVEN_UP:
        _tell_administrators(delivery, status, words, at)
    if status == GONE:
        _switch_off(delivery.endpoint)
    return state


def _read(delivery: WebhookDelivery, answer: Future[Answer]) -> tuple[Answer, str]:
    """(the answer, a sentence about it); status 0 where there was none."""
    try:
        said = answer.result()
    except NotPosted as error:
        return Answer(0), str(error)
    except Exception:  # whatever it is, the others go on
        log.exception("%s could not be sent.", delivery)
        return Answer(0), "It could not be sent; the log says why."
    if 300 <= said.status < 400:
        return said, f"Status {said.status}: it points elsewhere, which is not followed."
    return said, f"Status {said.status}."


def _tell_administrators(delivery: WebhookDelivery, status: int, words: str, at: datetime) -> None:
    """Of one receiver once a day, however many events it lost, and when it wants no more."""
    lost = delivery.endpoint.deliveries.filter(state=DeliveryState.GIVEN_UP)
    others = lost.filter(tried_at__gt=at - QUIET).exclude(pk=delivery.pk)
    if status == GONE or not others.exists():
        notices.tell_of_lost_webhooks(delivery.endpoint, words)


def _switch_off(endpoint: WebhookEndpoint) -> None:
    """It said that it wants no more: what waits for it is given up."""
    because = f"The receiver answered {GONE} (Gone): it wants no more."
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, off_because=because)
    endpoint.deliveries.waiting().update(state=DeliveryState.GIVEN_UP, due_at=None, answer=because)
    log.error("%s is switched off. %s", endpoint, because)


def forget_deliveries(at: datetime) -> tuple[int, int]:
    """After thirty days nobody asks for one again: (how many went, 0). Those that wait for an
    endpoint in use stay.
    """
    old = WebhookDelivery.objects.filter(at__lt=at - KEPT)
    still_due = old.waiting().filter(endpoint__is_active=True)
    gone, _ = old.exclude(pk__in=still_due.values("pk")).delete()
    return gone, 0
