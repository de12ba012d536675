"""A time-stamping service (RFC 3161) on this machine: openssl, behind a server of HTTP."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIGURATION = """
[tsa]
default_tsa = service
[service]
serial = {folder}/serial
signer_cert = {folder}/service.pem
signer_key = {folder}/service.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
"""
EXTENSIONS = "extendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n"


@dataclass
class Stamping:
    """`roots` vouch for it. What it answers next is `answer`, if that is set."""

    folder: Path
    url: str = ""
    answer: tuple[int, bytes] | None = None
    last: bytes = b""

    @property
    def roots(self) -> Path:
        return self.folder / "roots.pem"

    def stamp(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        command = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer"]
        openssl(self.folder, *command)
        return (self.folder / "answer").read_bytes()


@contextmanager
def stamping(folder: Path) -> Iterator[Stamping]:
    folder.mkdir()
    make_certificates(folder)
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    service = Stamping(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, service.last = service.answer or (200, service.stamp(query))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(service.last)

        def log_message(self, *arguments) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/tsa"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def make_certificates(folder: Path) -> None:
    """A root, and the service's certificate under it."""
    key = ["-newkey", "rsa:2048", "-nodes"]
    root = ["-x509", "-days", "2", "-subj", "/CN=Root of stamps"]
    openssl(folder, "req", *key, *root, "-keyout", "root.key", "-out", "roots.pem")
    subject = ["-subj", "/CN=Stamps", "-out", "request"]
    openssl(folder, "req", *key, *subject, "-keyout", "service.key")
    (folder / "extensions").write_text(EXTENSIONS)
    signing = ["-CA", "roots.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "2"]
    files = ["-in", "request", "-extfile", "extensions", "-out", "service.pem"]
    openssl(folder, "x509", "-req", *files, *signing)


def openssl(folder: Path, *command: str) -> None:
    subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
