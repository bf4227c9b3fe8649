"""The other domains, as a process that serves one domain alone meets them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import QuietWSGIRequestHandler

from kelmah.embedded.ports import HOST


@contextmanager
def neighbours() -> Iterator[str]:
    """The URL where this process answers calls between domains, while it runs: with what stands in for a domain
    (``payments.replaced_by(fake)``), through the project's own routes, to callers proven by their signature."""
    with ThreadedWSGIServer((HOST, 0), _Handler) as server:
        server.set_app(WSGIHandler())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


class _Handler(QuietWSGIRequestHandler):
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement of its headers
