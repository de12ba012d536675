"""Files that somebody brings by the browser, until the worker is done with them."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from .catalogue import one_of
from .fields import FreeTextField, LineField
from .people import User
from .proposal import Proposal, ProposalType
from .text import clean


class Outcome(models.TextChoices):
    """What becomes, or became, of one row of a file of proposals."""

    WAITING = "WAITING", "Not looked at yet"
    READY = "READY", "Will be submitted"
    UNFINISHED = "UNFINISHED", "Not complete"
    TWIN = "TWIN", "There already"
    REFUSED = "REFUSED", "Refused"
    SUBMITTED = "SUBMITTED", "Submitted"
    KEPT = "KEPT", "Kept as a draft"


MAKING = [Outcome.SUBMITTED, Outcome.KEPT]  # a proposal; other rows name one that was there
# How a page shows each.
LOOKS = {
    Outcome.READY: "active",
    Outcome.UNFINISHED: "draft",
    Outcome.TWIN: "ended",
    Outcome.REFUSED: "bad",
    Outcome.SUBMITTED: "active",
    Outcome.KEPT: "draft",
}


class UploadKind(models.TextChoices):
    PROPOSALS = "PROPOSALS"
    CATALOGUE = "CATALOGUE"


class UploadState(models.TextChoices):
    """What the worker, or the one who brought it, does next."""

    READING = "READING", "Being looked at"
    BAD = "BAD", "To be mended"
    JUDGED = "JUDGED", "To be confirmed"
    CONFIRMED = "CONFIRMED", "Being carried out"
    DONE = "DONE"


LOOK_OF_STATE = {
    UploadState.DONE: "good",
    UploadState.BAD: "bad",
    UploadState.JUDGED: "open",
}
AT_WORK = [UploadState.READING, UploadState.CONFIRMED]


class UploadQuerySet(models.QuerySet["Upload"]):
    def at_work(self):
        """The worker has something to do."""
        return self.filter(state__in=AT_WORK)

    def unfinished(self):
        return self.exclude(state__in=[UploadState.DONE, UploadState.BAD])


class Upload(models.Model):
    """One file of proposals, or the files of a catalogue. No part of the record: what it led to is.

    `problems`: why it can be used no further, a sentence each. `report`: of a catalogue what would
    change, and what did. `rows_done` of `rows_total`: of a catalogue how far the worker is.
    """

    kind = models.CharField(max_length=10, choices=UploadKind)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.READING)
    by = models.ForeignKey(User, models.PROTECT, related_name="uploads")
    at = models.DateTimeField(default=timezone.now)
    name = LineField(max_length=200)
    sha256 = models.CharField(max_length=64)
    keeps_drafts = models.BooleanField(default=False)
    problems = models.JSONField(default=list)
    report = models.JSONField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", UploadKind, "upload_kind"),
            one_of("state", UploadState, "upload_state"),
        ]
        indexes = [
            models.Index(fields=["by", "kind", "-id"], name="upload_newest_of_person"),
            models.Index(fields=["id"], condition=Q(state__in=AT_WORK), name="upload_at_work"),
            models.Index(fields=["at"], name="upload_by_age"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        page = "proposal-upload" if self.kind == UploadKind.PROPOSALS else "catalogue-upload"
        return reverse(page, args=[self.pk])

    @property
    def look(self) -> str:
        """How a page shows its state."""
        return LOOK_OF_STATE.get(UploadState(self.state), "")

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK


class UploadedFile(models.Model):
    """The bytes, until they are read; of a catalogue until it is carried out."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="files")
    name = LineField(max_length=200)
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "name"], name="uploaded_file_once_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class UploadedRow(models.Model):
    """A row of a file of proposals. `texts`: column -> what it says there; `key` is the same for
    two rows that ask for the same; `proposal` is the one it made or repeats.
    """

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    texts = models.JSONField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    sentence = FreeTextField(blank=True)
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "line"], name="uploaded_row_once_per_line"),
            one_of("outcome", Outcome, "uploaded_row_outcome"),
        ]
        indexes = [
            models.Index(fields=["upload", "outcome", "line"], name="uploaded_row_by_outcome")
        ]

    def __str__(self) -> str:
        return f"Line {self.line}"

    @classmethod
    def that_made(cls, proposal: Proposal) -> "UploadedRow | None":
        """The row of a file that `proposal` came from, as long as the file is remembered."""
        made = cls.objects.filter(proposal=proposal, outcome__in=MAKING)
        return made.select_related("upload").first()

    @property
    def asks_for(self) -> str:
        """The two ends of the route, as far as it says them."""
        ends = [self.texts.get(name) or "?" for name in ("source_code", "target_code")]
        return " → ".join(map(clean, ends))

    @property
    def type_asked(self) -> str:
        said = clean(self.texts.get("type", ""))
        return ProposalType(said).label if said in ProposalType.values else said

    @property
    def what(self) -> str:
        """What it says of the flow itself, as far as it names one."""
        named = [self.texts.get(name, "") for name in ("specification_code", "specification_name")]
        return clean(" ".join([*named, self.texts.get("name", "")]))

    @property
    def look(self) -> str:
        return LOOKS.get(Outcome(self.outcome), "")
