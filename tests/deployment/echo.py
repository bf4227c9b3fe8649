"""What stands behind the gateway in tests: ``python -m tests.deployment.echo COPY FOLDER NAME:PORT…``.

Answers with what it was asked. ``…/breaks-off`` closes the connection at the first request of that address, answering
later ones; ``…/refuses`` says 503 as a domain does. Every request is a line of ``FOLDER/<last part of its path>``.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        server = self.server
        assert isinstance(server, Copy)
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        hits = server.folder / self.path.rpartition("/")[2].partition("?")[0]
        first = not hits.exists()
        with hits.open("a") as file:
            file.write(f"{self.command}\n")
        if self.path.endswith("/breaks-off") and first:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = {"name": server.name, "copy": server.copy, "path": self.path, "headers": headers, "size": size}
        body = json.dumps(said | {"code": "domain_says_so"}).encode()
        self.send_response(503 if self.path.endswith("/refuses") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_OPTIONS = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


class Copy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int, name: str, copy: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", port), Echo)
        self.name, self.copy, self.folder = name, copy, folder


if __name__ == "__main__":
    copy, folder, *places = sys.argv[1:]
    servers = [
        Copy(port=int(port), name=name, copy=copy, folder=Path(folder))
        for name, port in (place.split(":") for place in places)
    ]
    threads = [Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
