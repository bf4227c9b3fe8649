"""What a running system still holds of somebody: every table, every key of Redis, every stored file, every log."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from tests.journeys.system import Running

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""


def remains_of(words: Sequence[str], running: Running) -> list[str]:
    """Where any of these words stands in clear, whatever its case: places, never the whole row."""
    found = list(_in_databases(words, running.data / "postgres"))
    found += _in_redis(words, running.data / "redis")
    outside = {running.data / "mailbox", running.data / "postgres", running.data / "redis"}
    for path in sorted(running.data.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(folder) for folder in outside):
            found += [f"file {path}: {word}" for word in words if _holds(path.read_bytes(), word)]
    return found


def rows_with(word: str, running: Running) -> int:
    """How many rows of all databases hold a word: to know that there was something to forget."""
    return len(list(_in_databases([word], running.data / "postgres")))


def tables_read(running: Running) -> int:
    """How many tables with rows the search goes through."""
    home = running.data / "postgres"
    return sum(1 for database in _databases(home) for _ in _tables(home, database))


# Private functions


def _in_databases(words: Sequence[str], home: Path) -> Iterator[str]:
    for database in _databases(home):
        with psycopg.connect(_url(home, database)) as connection:
            for schema, table in _tables(home, database):
                # The whole row as text: every type of column, json with it; bytes stand there in hex.
                every = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))
                for (row,) in connection.execute(every):
                    for word in words:
                        if word.lower() in row.lower() or word.encode().hex() in row:
                            yield f"{database} {schema}.{table}: {word}"


def _databases(home: Path) -> list[str]:
    with psycopg.connect(_url(home, "postgres")) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn")
        return [name for (name,) in rows]


def _tables(home: Path, database: str) -> Iterator[tuple[str, str]]:
    with psycopg.connect(_url(home, database)) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            some = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(schema, table))
            if connection.execute(some).fetchone():
                yield schema, table


def _url(home: Path, database: str) -> str:
    port = (home / "data" / "postmaster.pid").read_text().splitlines()[3]
    return f"postgresql://kelmah:{(home / 'password').read_text().strip()}@127.0.0.1:{port}/{database}"


def _in_redis(words: Sequence[str], home: Path) -> list[str]:
    settings = dict(line.split(" ", 1) for line in (home / "redis.conf").read_text().splitlines() if " " in line)
    password = settings.get("requirepass", "").strip('"') or None
    server: Any = redis.Redis(port=int(settings["port"]), password=password)
    found = []
    for key in server.scan_iter(count=1000):
        kept = key + (server.dump(key) or b"")
        value = _value(server, key)
        found += [f"redis {key!r}: {word}" for word in words if _holds(kept, word) or _holds(value, word)]
    return found


def _value(server: Any, key: bytes) -> bytes:
    """What a key holds, unpacked: a dump may be compressed."""
    kind = server.type(key)
    if kind == b"string":
        return server.get(key) or b""
    if kind == b"hash":
        return repr(server.hgetall(key)).encode()
    if kind == b"list":
        return b"\n".join(server.lrange(key, 0, -1))
    if kind == b"set":
        return b"\n".join(server.smembers(key))
    if kind == b"zset":
        return b"\n".join(server.zrange(key, 0, -1))
    return b""


def _holds(content: bytes, word: str) -> bool:
    escaped = json.dumps(word)[1:-1].encode()
    return re.search(re.escape(word.encode()) + b"|" + re.escape(escaped), content, re.IGNORECASE) is not None
