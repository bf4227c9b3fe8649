"""Between the domains of one machine: nginx as a plain TCP balancer, what a Service is in a cluster.

Every pair of domains has a door of its own, a port: so that the way between two of them can be cut, and only that.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kelmah.embedded.errors import EmbeddedError

_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")

Doors = Mapping[tuple[str, str], int]


def switchboard_conf(*, upstreams: Mapping[str, Sequence[str]], doors: Doors, folder: Path) -> str:
    """A whole nginx.conf. ``upstreams``: the addresses of every copy of a domain; ``doors``: the port at which the
    first of a pair finds the second.

    Raises EmbeddedError when nginx can't do it.
    """
    if not _MODULE.is_file():
        raise EmbeddedError("nginx lacks its stream module: on Debian and Ubuntu, apt-get install libnginx-mod-stream.")
    lines = [
        f"load_module {_MODULE};",
        f'pid "{folder}/nginx.pid";',
        f'error_log "{folder}/error.log" warn;',
        "worker_processes 1;",
        "events { worker_connections 4096; }",
        "stream {",
        *(line for domain, addresses in sorted(upstreams.items()) for line in _domain(domain, addresses, doors)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _domain(domain: str, addresses: Sequence[str], doors: Doors) -> list[str]:
    ports = sorted(port for (_, callee), port in doors.items() if callee == domain)
    return [
        f"  upstream {domain} {{",
        # Who refuses a connection is left alone for a second; the other copy gets it at once.
        *(f"    server {address} max_fails=1 fail_timeout=1s;" for address in addresses),
        "  }",
        "  server {",
        *(f"    listen 127.0.0.1:{port};" for port in ports),
        f"    proxy_pass {domain};",
        "    proxy_connect_timeout 1s;",
        "  }",
    ]
