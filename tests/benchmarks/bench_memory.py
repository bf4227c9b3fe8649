"""Memory of each process of ``make run`` at rest, as its proportional set size: shared pages are counted once."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from kelmah.embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
MARKS = {
    "api": "config.wsgi:application",
    "live": "config.asgi:application",
    "relay": "manage.py events run",
    "worker": "celery -A config --quiet worker",
    "beat": "celery -A config --quiet beat",
    "sandbox": "manage.py sandbox_gateway",
    "redis": "redis-server",
    "postgres": "postgres",
}


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="kelmah-memory-"))
    folder.chmod(0o755)
    port, live_port = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "REDIS"))}
    ports = ["--port", str(port), "--live-port", str(live_port)]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run", *ports, "--data", str(folder / "data")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/health/ready")
        time.sleep(2 if os.environ.get("BENCH_SMOKE") else 15)
        sizes = by_process(psutil.Process(process.pid))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
    rows = [{"what": name, "value": round(size / 2**20, 1), "unit": "MiB"} for name, size in sizes.items()]
    for row in rows:
        print(f"{row['what']:<10} {row['value']:>8.1f} MiB")
    print(json.dumps({"name": "memory", "title": "Memory of each process at rest", "rows": rows}))


def by_process(root: psutil.Process) -> dict[str, int]:
    """Bytes per kind of process; what a process has started counts with it."""
    sizes: dict[str, int] = {}

    def weigh(process: psutil.Process, kind: str) -> None:
        try:
            command, size = " ".join(process.cmdline()), process.memory_full_info().pss
            children = process.children()
        except psutil.NoSuchProcess:
            return
        kind = next((name for name, mark in MARKS.items() if mark in command), kind)
        sizes[kind] = sizes.get(kind, 0) + size
        for child in children:
            weigh(child, kind)

    weigh(root, "supervisor")
    return dict(sorted(sizes.items()))


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{url} did not answer within two minutes")


if __name__ == "__main__":
    main()
