"""How gunicorn's processes stop: whoever has been let in is answered, and nobody else is let in."""

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """gunicorn's threads, but for the queue of the socket.

    While requests under way end, the kernel would go on letting people in, and reset them all when
    the socket closes at last: a proxy cannot know then whether a form was received. Here those who
    wait are taken in and the socket closes at once. Who comes later is refused, and a proxy asks
    another host.
    """

    is_told_to_stop = False

    def handle_exit(self, sig, frame) -> None:
        self.is_told_to_stop = True
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled and not self.is_told_to_stop)
        if self.is_told_to_stop:
            while self.sockets:
                self._take_in_and_close(self.sockets.pop())

    def _take_in_and_close(self, listener) -> None:
        known = -1
        while known < self.nr_conns:
            known = self.nr_conns
            self.accept(listener)  # which leaves it at that if nobody waits
        listener.close()
