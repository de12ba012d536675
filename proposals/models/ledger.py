"""The ledger: a fingerprint of every row of the record, in the order in which they were taken down,
and what is kept of the tree over them.
"""

from django.db import models
from django.db.models import Q

LEVELS = 8  # each kept node stands for 256 of those below it


class LedgerForm(models.Model):
    """Which columns of a table its leaves tell of. A migration that changes the columns of a
    recorded table begins a new form; leaves of older forms are still judged by theirs.
    """

    table = models.CharField(max_length=63)
    columns = models.JSONField()

    class Meta:
        verbose_name = "form of leaves"
        verbose_name_plural = "forms of leaves"

    def __str__(self) -> str:
        return f"{self.table}, form {self.pk}"


class LedgerLeaf(models.Model):
    """`sha256` is of the salt and of what the row said when it was taken down; without the salt
    nobody can guess a row and compare.
    """

    number = models.PositiveBigIntegerField(primary_key=True)  # from 0, without gap
    table = models.CharField(max_length=63)
    row = models.PositiveBigIntegerField()
    form = models.ForeignKey(LedgerForm, models.PROTECT, related_name="+", db_index=False)
    salt = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "ledger leaves"
        constraints = [
            models.UniqueConstraint(fields=["table", "row"], name="ledgerleaf_once_per_row")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.table} {self.row}"


class LedgerNode(models.Model):
    """The hash of a complete part of the tree, of 256 ** (level / 8) leaves, the `place`-th of that
    size. With these the root of a million leaves needs no more than some hundred hashes.
    """

    level = models.PositiveSmallIntegerField()
    place = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "place"], name="ledgernode_once"),
            models.CheckConstraint(
                condition=Q(level__in=list(range(LEVELS, 57, LEVELS))), name="ledgernode_level"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.place}"
