"""The attributes of a physical flow: one list, which the register, proposals, forms, comparison,
pages, files and histories follow.
"""

import hashlib
from dataclasses import dataclass

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from .display import label, value_in_words
from .fields import FreeTextField, LineField, NumberField, OneOf
from .text import folded


class Transport(models.TextChoices):
    DATABASE_CONNECTION = "DATABASE_CONNECTION", "Database connection"
    EMAIL = "EMAIL", "Email"
    FILE_SHARE = "FILE_SHARE", "File share"
    FILE_TRANSPORT = "FILE_TRANSPORT", "File transport"
    MANUAL = "MANUAL"
    MESSAGING = "MESSAGING"
    OTHER = "OTHER"
    RPC = "RPC", "RPC"
    UDP = "UDP", "UDP"
    UNKNOWN = "UNKNOWN"
    WEB = "WEB"


class Frequency(models.TextChoices):
    REAL_TIME = "REAL_TIME", "Real time"
    INTRA_DAY = "INTRA_DAY", "Intraday"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY", "Twice a year"
    YEARLY = "YEARLY"
    ON_DEMAND = "ON_DEMAND", "On demand"
    UNKNOWN = "UNKNOWN"


class Criticality(models.TextChoices):
    VERY_HIGH = "VERY_HIGH", "Very high"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    NONE = "NONE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Attribute:
    """One thing that can be said of a physical flow.

    A required one has to be filled; one of the key makes two flows of a specification different.
    """

    name: str
    is_required: bool = False
    is_in_key: bool = False


# Model, forms, comparison, pages, files and histories follow this list.
FLOW_ATTRIBUTES = [
    Attribute("name", is_in_key=True),
    Attribute("transport", is_required=True, is_in_key=True),
    Attribute("frequency", is_required=True, is_in_key=True),
    Attribute("basis_offset", is_required=True, is_in_key=True),
    Attribute("criticality", is_required=True),
    Attribute("description"),
    Attribute("external_id"),
]


class FlowAttributes(models.Model):
    """How and when something is sent: shared by what is proposed and what is in the register.

    All blank here. PhysicalFlow and Proposal each add the CHECK that says when they must be filled.
    """

    name = LineField("flow name", max_length=200, blank=True)
    transport = models.CharField(max_length=30, choices=Transport, blank=True)
    frequency = models.CharField(max_length=30, choices=Frequency, blank=True)
    basis_offset = NumberField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-999), MaxValueValidator(999)],
        help_text=(
            "Days after the business date: 0 for the same day, 1 for T+1, -1 for the day before."
        ),
    )
    criticality = models.CharField(max_length=10, choices=Criticality, blank=True)
    description = FreeTextField("flow description", max_length=4000, blank=True)
    external_id = LineField("external id", max_length=200, blank=True)
    content_key = models.CharField(max_length=64, blank=True, editable=False)

    # Names, in the order in which people read them.
    ATTRIBUTES = [attribute.name for attribute in FLOW_ATTRIBUTES]
    REQUIRED = [attribute.name for attribute in FLOW_ATTRIBUTES if attribute.is_required]

    class Meta:
        abstract = True

    def twin_key(self, source_id: int, target_id: int, specification: int | str | None) -> str:
        """What makes two flows the same: hexadecimal SHA-256.

        `specification` is the id of an existing one, the name of a new one, or None when there is
        no physical part; then only the route counts.
        """
        values: list[object] = [source_id, target_id]
        if specification is not None:
            # With its type: a new specification named 7 is not the one whose id is 7.
            values += [type(specification).__name__, specification]
            values += [
                getattr(self, attribute.name)
                for attribute in FLOW_ATTRIBUTES
                if attribute.is_in_key
            ]
        return hashlib.sha256(
            "\n".join(folded(str(value)) for value in values).encode()
        ).hexdigest()

    @property
    def offset_wording(self) -> str:
        return value_in_words(self, "basis_offset")

    @property
    def attributes_shown(self) -> list[tuple[str, str]]:
        """(label, value in words) of each attribute that is filled or has to be."""
        texts = {attribute: value_in_words(self, attribute.name) for attribute in FLOW_ATTRIBUTES}
        return [
            (label(self._meta.get_field(attribute.name)), text)
            for attribute, text in texts.items()
            if text or attribute.is_required
        ]


def attribute_checks(prefix: str, filled: Q) -> list[models.CheckConstraint]:
    """CHECKs on the shared attributes: known values only, and complete where `filled` says so, else
    empty.
    """

    fields = {field.name: field for field in FlowAttributes._meta.local_fields}
    listed = {name: field for name, field in fields.items() if field.choices}
    complete = Q()
    for name in sorted(
        FlowAttributes.REQUIRED, key=lambda name: fields[name].empty_strings_allowed
    ):
        is_text = fields[name].empty_strings_allowed
        complete &= ~Q(**{name: ""}) if is_text else Q(**{f"{name}__isnull": False})
    return [
        OneOf(
            condition=Q(**{f"{name}__in": ["", *[value for value, _ in field.flatchoices]]}),
            name=f"{prefix}_{name}",
        )
        for name, field in listed.items()
    ] + [models.CheckConstraint(condition=~filled | complete, name=f"{prefix}_attributes_complete")]
