"""The gateway as an ordinary nginx process: routing, several copies, limits, CORS, refusals in the API's own words."""

import grp
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kelmah.deployment.cors import ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS, PREFLIGHT_SECONDS, check_origins
from kelmah.deployment.problems import OWN_ANSWERS, UNREACHED, gateway_problem
from kelmah.deployment.routes import Kind, Route
from kelmah.embedded.account import server_account
from kelmah.embedded.errors import EmbeddedError
from kelmah.errors import DomainError
from kelmah.processes import Command

HEALTH = "/gateway/health"
LARGEST_BODY = 100_000_000  # bytes: a portfolio's video
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

Upstreams = Mapping[tuple[str, Kind], Sequence[str]]


def nginx_command(*, folder: Path) -> Command:
    """Run ``folder/nginx.conf`` in the foreground. SIGQUIT ends it after the requests under way, SIGHUP reads it again.

    Raises EmbeddedError when there is no nginx.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise EmbeddedError("There is no nginx here: on Debian and Ubuntu, apt-get install nginx-light.")
    return (program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;")


def nginx_conf(
    *,
    routes: Iterable[Route],
    upstreams: Upstreams,
    listen: str,
    folder: Path,
    origins: Sequence[str] = (),
    certificate: tuple[Path, Path] | None = None,
    requests_per_second: int = 100,
    burst: int = 400,
    largest_body: int = LARGEST_BODY,
) -> str:
    """A whole nginx.conf that writes nothing outside of ``folder``.

    ``upstreams``: the addresses (``127.0.0.1:9001``) of every copy of a domain's process of that kind. ``origins``: the
    web pages that may ask (CORS). ``certificate``: files of the chain and its key; without them plain HTTP. The limit
    is per client address. Raises ValueError when a route leads nowhere.
    """
    routes = tuple(routes)
    if lost := sorted(
        {(route.domain, route.kind) for route in routes if not upstreams.get((route.domain, route.kind))}
    ):
        raise ValueError(f"no address for {', '.join(f'{domain} ({kind})' for domain, kind in lost)}")
    tls = [f'ssl_certificate "{certificate[0]}";', f'ssl_certificate_key "{certificate[1]}";'] if certificate else []
    http = [
        *_files(folder),
        *_maps(routes, check_origins(origins)),
        *(line for name, addresses in sorted(upstreams.items()) for line in _upstream(*name, addresses)),
        f"limit_req_zone $binary_remote_addr zone=per_client:10m rate={requests_per_second}r/s;",
        *_block(
            "server",
            f"listen {listen}{' ssl http2' if certificate else ''};",
            *tls,
            f"client_max_body_size {largest_body};",
            *_routing(burst),
            *(line for error in OWN_ANSWERS for line in _own_answer(error)),
        ),
    ]
    return "\n".join([*_process(folder), *_block("events", "worker_connections 4096;"), *_block("http", *http), ""])


# Private functions


def _block(head: str, *lines: str) -> list[str]:
    return [f"{head} {{", *(f"    {line}" for line in lines), "}"]


def _process(folder: Path) -> list[str]:
    account = server_account()
    # Only for root: the processes that talk to strangers have no rights.
    user = [f"user {account.name} {grp.getgrgid(account.gid).gr_name};"] if account.lent else []
    return [
        *user,
        "worker_processes auto;",
        "worker_rlimit_nofile 16384;",
        f'pid "{folder}/nginx.pid";',
        f'error_log "{folder}/error.log" warn;',
    ]


def _files(folder: Path) -> list[str]:
    return [
        # Neither path nor query: links to files are secrets.
        "log_format brief '$time_iso8601 $request_method $kelmah_route $status $request_time'",
        "                 ' $upstream_addr $kelmah_request_id';",
        f'access_log "{folder}/access.log" brief;',
        *(f'{name}_temp_path "{folder}/{name}";' for name in _TEMPORARY),
        "server_tokens off;",
        "default_type application/octet-stream;",
        "client_header_timeout 15s;",
        "client_body_timeout 30s;",
        "keepalive_timeout 65s;",
        "reset_timedout_connection on;",
        "map_hash_bucket_size 128;",
    ]


def _maps(routes: Sequence[Route], origins: Sequence[str]) -> list[str]:
    return [
        # $uri is decoded and has no dots or double slashes left: no spelling of an internal path gets by.
        *_block("map $uri $kelmah_route", *(_case(route) for route in routes), 'default "";'),
        *_block("map $kelmah_route $kelmah_connection", "~_live$ upgrade;", 'default "";'),
        *_block("map $kelmah_route $kelmah_upgrade", "~_live$ $http_upgrade;", 'default "";'),
        *_block(
            "map $http_x_request_id $kelmah_request_id",
            '"~^[A-Za-z0-9._-]{8,64}$" $http_x_request_id;',
            "default $request_id;",
        ),
        *_block("map $http_origin $kelmah_origin", *(f'"{origin}" $http_origin;' for origin in origins), 'default "";'),
        *_block(
            'map "$request_method $kelmah_origin $http_access_control_request_method" $kelmah_preflight',
            '"~^OPTIONS [^ ]+ [^ ]+$" 1;',
            "default 0;",
        ),
        *_block("map $kelmah_origin $kelmah_exposed", '"" "";', f'default "{", ".join(EXPOSED_HEADERS)}";'),
        # Whether any copy took the connection: without one the request was surely not carried out.
        *_block("map $upstream_connect_time $kelmah_reached", '"~[0-9]" yes;', "default no;"),
        *_preflight_map("methods", ", ".join(ALLOWED_METHODS)),
        *_preflight_map("headers", ", ".join(ALLOWED_HEADERS)),
        *_preflight_map("max_age", str(PREFLIGHT_SECONDS)),
    ]


def _preflight_map(name: str, value: str) -> list[str]:
    return _block(f"map $kelmah_preflight $kelmah_{name}", f'1 "{value}";', 'default "";')


def _case(route: Route) -> str:
    end = "" if route.path.endswith("/") else "(/|$)"
    return f'"~^{re.escape(route.path)}{end}" {_name(route.domain, route.kind)};'


def _name(domain: str, kind: Kind) -> str:
    return f"{domain}_{kind}"


def _upstream(domain: str, kind: Kind, addresses: Sequence[str]) -> list[str]:
    return _block(
        f"upstream {_name(domain, kind)}",
        f"zone {_name(domain, kind)} 64k;",  # what one worker learns about a dead copy, all know
        "least_conn;",
        # Trying a dead copy costs nothing while the next one answers; taking a live one for dead does.
        *(f"server {address} max_fails=5 fail_timeout=3s;" for address in addresses),
        # Shorter than the 30 s after which granian closes an idle connection: a POST sent into the close is lost.
        *(("keepalive 32;", "keepalive_timeout 15s;") if kind == "api" else ()),
    )


def _routing(burst: int) -> list[str]:
    return [
        *_answer_headers(),
        *(f"error_page {error.status} = @problem_{error.status};" for error in OWN_ANSWERS),
        "limit_req_status 429;",
        *_block(
            f"location = {HEALTH}",
            "access_log off;",
            "default_type application/json;",
            """return 200 '{"status": "alive"}';""",
        ),
        *_block(
            "location /",
            'if ($kelmah_route = "") {',
            "    return 404;",
            "}",
            "if ($kelmah_preflight) {",
            "    return 204;",
            "}",
            f"limit_req zone=per_client burst={burst} nodelay;",
            "proxy_pass http://$kelmah_route;",
            "proxy_http_version 1.1;",
            *_forwarded_headers(),
            "proxy_connect_timeout 2s;",
            "proxy_send_timeout 30s;",
            "proxy_read_timeout 60s;",  # sockets are pinged every 25 s
            *_RETRIES,
        ),
    ]


def _forwarded_headers() -> list[str]:
    headers = {
        "Host": "$http_host",
        "Connection": "$kelmah_connection",
        "Upgrade": "$kelmah_upgrade",
        "X-Forwarded-For": "$proxy_add_x_forwarded_for",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": '""',
        "Forwarded": '""',
        "X-Request-ID": "$kelmah_request_id",
    }
    return [f"proxy_set_header {name} {value};" for name, value in headers.items()]


# A request that a copy has read may have been carried out, so the next copy gets it only when its method may be
# repeated. "non_idempotent" would add POST and PATCH, and stays away: a POST without a key would be done twice, and one
# with an Idempotency-Key would gain nothing, since the copy that died holds the key for a minute and the repetition is
# answered 409 request_in_flight (its client repeats it, and is told when). A refused connection has read nothing: there
# every method goes on. "http_503" stays away as well: it is the domain's own word about something behind it; the next
# copy would say the same, and counting it as a failure would take all copies of a healthy domain away.
_RETRIES = (
    "proxy_next_upstream error timeout;",
    "proxy_next_upstream_tries 3;",
    "proxy_next_upstream_timeout 10s;",  # what took longer was no dead copy but slow work: don't do it twice
)


def _answer_headers() -> list[str]:
    """Of every answer. nginx sends no header whose value is empty."""
    headers = {
        "Access-Control-Allow-Origin": "$kelmah_origin",
        "Access-Control-Expose-Headers": "$kelmah_exposed",
        "Access-Control-Allow-Methods": "$kelmah_methods",
        "Access-Control-Allow-Headers": "$kelmah_headers",
        "Access-Control-Max-Age": "$kelmah_max_age",
        "Vary": "Origin",
    }
    return [f"add_header {name} {value} always;" for name, value in headers.items()]


def _own_answer(error: DomainError) -> list[str]:
    headers = {"X-Request-ID": "$kelmah_request_id", "Cache-Control": "no-store"}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    # nginx says 502 of a request that reached nobody, too. That is 503: safe to send again.
    unreached = ["if ($kelmah_reached = no) {", f"    {_return(UNREACHED)}", "}"] if error.status == 502 else []
    return _block(
        f"location @problem_{error.status}",
        "default_type application/problem+json;",
        *_answer_headers(),  # a location with headers of its own inherits none
        *(f"add_header {name} {value} always;" for name, value in headers.items()),
        *unreached,
        _return(error),
    )


def _return(error: DomainError) -> str:
    body = gateway_problem(error, request_id="$kelmah_request_id").replace("'", "\\'")
    return f"return {error.status} '{body}';"
