"""All of a Waltz database: the catalogue first, then the open proposals about what is in it."""

from django.db import transaction

from ...models import User
from .catalogue import Catalogue
from .database import Rows
from .importing import import_rows
from .proposed import Proposed, bring_proposed
from .report import WaltzReport
from .rules import place_rules


def bring_waltz(rows: Rows, *, by: User, dry_run: bool) -> WaltzReport:
    """The catalogue comes in as one import, or not at all; then each open proposal by itself. A dry
    run writes nothing. BadCatalogue or another refusal says why nothing came in.
    """
    catalogue = Catalogue(rows)
    place_rules(catalogue)
    report = import_rows(catalogue, by=by, dry_run=dry_run)
    proposed = _previewed(catalogue, by) if dry_run else bring_proposed(catalogue, dry_run=False)
    return WaltzReport(report, catalogue.left, proposed)


def _previewed(catalogue: Catalogue, by: User) -> Proposed:
    """Proposals can be judged only with the catalogue there, so it comes in and is undone."""
    if not catalogue.waltz["proposed_flow"]:
        return Proposed()
    with transaction.atomic():
        import_rows(catalogue, by=by, dry_run=False)
        proposed = bring_proposed(catalogue, dry_run=True)
        transaction.set_rollback(True)
    return proposed
