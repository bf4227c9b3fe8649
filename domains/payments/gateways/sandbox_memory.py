"""What the sandbox provider knows, kept in a file while it does not run: a provider outlives our restarts."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from domains.payments.gateways.sandbox_provider import Answer, Provider
from domains.payments.gateways.sandbox_scripts import Script


def write_down(provider: Provider, file: Path) -> None:
    """Everything it was told and did, for ``recall``; the file is whole or the one before."""
    now = time.monotonic()
    with provider.lock:
        known = {
            "objects": provider.objects,
            "scripts": {ref: asdict(script) for ref, script in provider.scripts.items()},
            "answers": {
                key: {
                    "at": time.time() - (now - at),
                    "asked": body.decode(),
                    "status": answer.status,
                    "said": answer.body.decode(),
                    "silent": answer.silent,
                }
                for key, (at, body, answer) in provider.answers.items()
            },
            "statement": provider.statement,
            "lost": sorted(provider.lost),
        }
        text = json.dumps(known)
    beside = file.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def recall(provider: Provider, file: Path) -> None:
    """Know again what was written down, if anything was; what was to happen later happens after all."""
    if not file.exists():
        return
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    provider.objects.update(known["objects"])
    provider.scripts.update({ref: _script(told) for ref, told in known["scripts"].items()})
    offset = time.monotonic() - time.time()
    for key, told in known["answers"].items():
        answer = Answer(told["status"], told["said"].encode(), silent=told["silent"])
        provider.answers[key] = (told["at"] + offset, told["asked"].encode(), answer)
    provider.statement.extend(known["statement"])
    provider.lost.update(known["lost"])
    provider.go_on()


# Private functions


def _script(told: dict[str, Any]) -> Script:
    return Script(**told | {"disputed": tuple(told["disputed"])})
