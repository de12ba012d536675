"""A receiver of webhooks on this machine, which can be slow, rude or gone."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks.webhooks import Webhook


@dataclass
class Receiver:
    """`taken` are (headers, body). It answers `status`, with `headers`, once `released` is set;
    `on_taken(number)` is called before. With a `certificate` (and its key) it is `localhost`.
    """

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    certificate: Path | None = None
    released: threading.Event = field(default_factory=threading.Event)
    on_taken: Callable[[int], None] = lambda number: None
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self, secret: str) -> list[dict]:
        """What it was told, as the reference library verifies it."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.taken]

    def numbers(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.taken]


@contextmanager
def receiving(**how) -> Iterator[Receiver]:
    receiver = Receiver(**how)
    receiver.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.taken.append((dict(self.headers), body))
            receiver.on_taken(len(receiver.taken))
            receiver.released.wait(20)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address) -> None:
            """Whoever is killed does not wait for the answer."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hooks?of=flows"
        if receiver.certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(receiver.certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            receiver.url = f"https://localhost:{server.server_port}/hooks"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
