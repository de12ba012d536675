"""One effect of what is sent, however often: the receipts of forms, for programs."""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.core.serializers.json import DjangoJSONEncoder
from ninja import Header

from ..models import Receipt
from ..workflow.idempotency import one_effect
from .access import Call
from .problems import Problem

Key = Header(
    "",
    alias="Idempotency-Key",
    max_length=200,
    description="Sent again with the same content, it has no further effect and the same answer.",
)
Answer = dict[str, Any]


def once(request: Call, key: str, sent: Any, act: Callable[[], tuple[str, Answer]]) -> Answer:
    """The answer of `act`, which carries out what is asked in one transaction and says the page
    that shows it, and the answer. With a key that was used before, the answer of then.

    Problem (422) if the key was used for other content.
    """
    # With who sends it: two people may choose the same key.
    form = uuid5(NAMESPACE_URL, f"{request.user.pk} {key}") if key else uuid4()
    content = _digest(request, sent)
    answers: list[Answer] = []

    def effect(receipt: Receipt) -> str:
        page, answer = act()
        receipt.results = {"content": content, "answer": _plain(answer)}
        answers.append(answer)
        return page

    # Without its content: one key is one act.
    one_effect(str(form), [], by=request.user, act=effect)
    # None where there was a receipt: then nothing was carried out.
    return answers[-1] if answers else _as_before(form, content)


def _as_before(form: UUID, content: str) -> Answer:
    kept = Receipt.objects.get(key=Receipt.key_of(form, [])).results
    if kept["content"] != content:
        raise Problem(422, "This Idempotency-Key was used for other content. Take a new one.")
    return kept["answer"]


def _digest(request: Call, sent: Any) -> str:
    text = json.dumps([request.path, sent], sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(answer: Answer) -> Answer:
    return json.loads(json.dumps(answer, cls=DjangoJSONEncoder))
