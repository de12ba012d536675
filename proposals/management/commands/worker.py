import logging
import signal
import threading
import time
from collections.abc import Callable

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from ...files.uploads import forget_uploads, work_on_uploads
from ...history.ledger import extend_ledger
from ...reports.figures import renew_figures
from ...workflow import checkpoints, periodic
from ...workflow.webhooks import forget_deliveries, send_webhooks

log = logging.getLogger(__name__)

# What is done, how often in seconds, and what is said of it when there was something to do.
ROUNDS = [
    (periodic.say_at_work, 60, ""),
    (periodic.time_out_proposals, 60, "Proposals timed out: {}."),
    (periodic.remind_approvers, 600, "Reminders queued: {}."),
    (periodic.ask_delegates, 600, "Delegates asked: {}."),
    (periodic.send_digests, 600, "Digests queued: {}."),
    (renew_figures, 1800, "Figures kept for their pages: {}."),
    (extend_ledger, 5, "Leaves appended to the ledger: {}."),
    (periodic.ask_newly_able, 5, "People asked since rights changed: {}."),
    (checkpoints.sign_when_due, 60, "Checkpoints of the ledger signed: {}."),
    (checkpoints.stamp_missing, 600, "Checkpoints of the ledger stamped: {}."),
    (periodic.send_mail, 5, "Mails sent: {}."),
    (work_on_uploads, 1, "Rows of uploads dealt with: {}."),
    (periodic.forget_receipts, 3600, "Receipts of forms forgotten: {}."),
    (forget_uploads, 3600, "Uploads forgotten: {}."),
    (forget_deliveries, 3600, "Deliveries of webhooks forgotten: {}."),
]
# Beside them, since other people's servers may take their time.
BESIDE = [(send_webhooks, 5, "Webhooks delivered: {}.")]


class Command(BaseCommand):
    help = (
        "Does all periodic work in one process: time-outs, reminders, digests, mail, webhooks. "
        "Stops cleanly on SIGTERM."
    )

    def handle(self, *args, **options) -> None:
        self.stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.stdout.write("The worker has started.")
        beside = threading.Thread(target=self._go_round, args=[BESIDE])
        beside.start()
        self._go_round(ROUNDS)
        beside.join()
        self.stdout.write("The worker has stopped.")

    def _go_round(self, rounds: list[tuple[Callable, int, str]]) -> None:
        """Again and again, each when it is due, in a connection to the database of this thread."""
        due = dict.fromkeys([work for work, _, _ in rounds], 0.0)
        while not self.stopping.wait(1):
            for work, seconds, sentence in rounds:
                if due[work] <= time.monotonic() and not self.stopping.is_set():
                    self._run(work, sentence)
                    due[work] = time.monotonic() + seconds
        connection.close()

    def _run(self, work: Callable, sentence: str) -> None:
        """One pass. A failure (the database restarting, say) is logged, and the next round tries
        again.
        """
        try:
            close_old_connections()
            done, _ = work(timezone.now())
            if done:
                self.stdout.write(sentence.format(done))
        except (OperationalError, InterfaceError) as error:
            # Most likely the database is away, and says so at every pass until it is back.
            log.error("%s failed and is tried again in the next round: %s", work.__name__, error)
        except Exception:
            log.exception("%s failed; it is tried again in the next round.", work.__name__)
