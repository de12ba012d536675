"""A mail server of a few lines that takes whatever it is sent, but for whom it refuses, and says so
to whoever wants to know in between.
"""

import re
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy


class Sink(socketserver.ThreadingTCPServer):
    """`taken` are the messages; `on_mail(number)` is called for each, before the sender is told
    that it was taken. `refusals` is what it answers to a recipient, by address.
    """

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, on_mail, refusals):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.refusals = refusals
        self.taken, self.on_mail, self.port = [], on_mail, self.server_address[1]
        self.counting = threading.Lock()

    def handle_error(self, request, client_address):
        """Those who are killed do not say good-bye."""


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 sink")
        for line in self.rfile:
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.say("354 go on")
                self.take()
            elif verb == b"RCPT":
                address = re.search(rb"<(.*)>", line)[1].decode()
                self.say(self.server.refusals.get(address, "250 ok"))
            else:
                self.say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def take(self):
        """What breaks off before its end was not sent."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            lines.append(re.sub(rb"^\.\.", b".", line))
        with self.server.counting:  # or of two at once both would be the last
            self.server.taken.append(message_from_bytes(b"".join(lines), policy=policy.default))
            number = len(self.server.taken)
        self.server.on_mail(number)
        self.say("250 taken")

    def say(self, text):
        try:
            self.wfile.write(f"{text}\r\n".encode())
        except OSError:
            return


@contextmanager
def sink(on_mail=lambda number: None, refusals=None):
    with Sink(on_mail, refusals or {}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
