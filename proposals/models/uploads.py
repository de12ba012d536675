"""Files that somebody brings, row by row."""

from django.db import models


class Outcome(models.TextChoices):
    """What becomes, or became, of one row of a file of proposals."""

    WAITING = "WAITING", "Not looked at yet"
    READY = "READY", "Will be submitted"
    UNFINISHED = "UNFINISHED", "Not complete"
    TWIN = "TWIN", "There already"
    REFUSED = "REFUSED", "Refused"
    SUBMITTED = "SUBMITTED", "Submitted"
    KEPT = "KEPT", "Kept as a draft"
