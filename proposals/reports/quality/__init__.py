"""What the register lacks, and what remedies it: five questions, each with its number, its age and
its list.
"""

from typing import Any

from .common import Answer, Line, Question
from .flows import UnfitDataTypes, WithoutPhysicalFlow
from .proposals import Overdue
from .specifications import Unused
from .systems import WithoutApprover

QUESTIONS = {
    question.slug: question
    for question in (
        WithoutPhysicalFlow(),
        WithoutApprover(),
        UnfitDataTypes(),
        Unused(),
        Overdue(),
    )
}


def answers_to_json() -> dict[str, Any]:
    """By the slug of each question, counted now."""
    return {slug: question.answer().to_json() for slug, question in QUESTIONS.items()}


def answers_from_json(kept: dict[str, Any]) -> list[Answer]:
    """Without a question that was added since."""
    return [
        Answer.from_json(question, kept[slug])
        for slug, question in QUESTIONS.items()
        if slug in kept
    ]
