"""A real time-stamping authority (RFC 3161) for tests: OpenSSL's own, behind a small HTTP server on this machine."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_EXTENSIONS = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = t
[t]
serial = serial
signer_cert = signer.pem
signer_key = signer.key
certs = root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class StampingAuthority:
    """`url` answers time-stamp queries; `certificate` is its root's. `answers` may be replaced, to misbehave."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.certificate = directory, directory / "root.pem"
        self.url = ""
        self.asked: list[bytes] = []
        self.answers: Callable[[bytes], tuple[int, str, bytes]] = self.stamp
        directory.mkdir()
        (directory / "tsa.cnf").write_text(_EXTENSIONS)
        (directory / "serial").write_text("01\n")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf"]
        self._openssl(
            "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "30", "-subj",
            f"/CN=Autorite {directory.name}", "-extensions", "ca",
        )  # fmt: skip
        self._openssl("req", *key, "-keyout", "signer.key", "-out", "signer.csr", "-subj", "/CN=Horodatage")
        self._openssl(
            "x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out",
            "signer.pem", "-days", "30", "-extfile", "tsa.cnf", "-extensions", "stamping",
        )  # fmt: skip

    def stamp(self, query: bytes) -> tuple[int, str, bytes]:
        """(status, content type, answer)."""
        (self.directory / "query.tsq").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "answer.tsr")
        return 200, "application/timestamp-reply", (self.directory / "answer.tsr").read_bytes()

    def openssl_verifies(self, checkpoint: Path, token: Path) -> bool:
        """What a person with nothing of ours would run."""
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-data", checkpoint, "-in", token, "-CAfile", self.certificate],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode == 0 and "Verification: OK" in done.stdout

    @contextmanager
    def serving(self) -> Iterator[StampingAuthority]:
        """While it answers."""
        authority = self

        class Asked(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["content-length"]))
                authority.asked.append(query)
                status, kind, answer = authority.answers(query)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(answer)))
                self.send_header("location", "http://elsewhere.example/")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/tsr"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)
