"""What the register lacks, and what remedies it: five questions, each with its number, its age and
its list.
"""

from .common import Answer, Line, Question, Remedy
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

__all__ = ["QUESTIONS", "Answer", "Line", "Question", "Remedy"]
