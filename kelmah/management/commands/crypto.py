"""``manage.py crypto``: the keys of people's data, made, shown and changed while everything stays readable."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kelmah import clock
from kelmah.crypto import key_file, rotation
from kelmah.crypto.kms import keys_path
from kelmah.domain import sealing_domains

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Keys of people's data: new, show; to rotate new-kek, rewrap, drop-kek; to change data keys reencrypt."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=("new", "show", "new-kek", "rewrap", "drop-kek", "reencrypt"))
        parser.add_argument("what", nargs="?", default="", help="new: a folder; drop-kek: the name of the key")
        parser.add_argument("--domain", action="append", default=[], help="only this one (may be repeated)")
        parser.add_argument("--wraps-in", type=int, default=0, metavar="SECONDS", help="new-kek: time for it to spread")
        parser.add_argument(
            "--keys-older-than", type=int, metavar="DAYS", help="reencrypt: first give newer keys to their subjects"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "new":
            self._new(Path(options["what"] or "."), options["domain"] or sorted(settings.DOMAINS))
            return
        domains = options["domain"] or sealing_domains()
        if unknown := sorted(set(domains) - set(sealing_domains())):
            raise CommandError(f"{', '.join(unknown)}: not a domain that seals here")
        for domain in domains:
            getattr(self, f"_{options['verb'].replace('-', '_')}")(domain, options)

    # Private functions

    def _new(self, folder: Path, domains: list[str]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for domain in domains:
            path = folder / f"{domain}.json"
            try:
                key_file.write_new(path, now=clock.now())
            except FileExistsError:
                raise CommandError(f"{path} exists: without it nothing that it sealed can be read") from None
            self.stdout.write(f"{path}: {key_file.read(path).keks[0].name}")

    def _show(self, domain: str, options: dict[str, Any]) -> None:
        """Names and numbers, never keys."""
        ring, wraps = self._ring(domain), rotation.keys_by_kek(domain)
        self.stdout.write(domain)
        current = ring.wrapping(clock.now())
        for kek in ring.keks:
            what = "wraps" if kek == current else "unwraps"
            since = f"{kek.wraps_from:%Y-%m-%d %H:%M}"
            self.stdout.write(f"  {kek.name}  {what:<8} since {since}  {wraps.pop(kek.name, 0):>8} data keys")
        destroyed = wraps.pop("", 0)
        self.stdout.write(f"  {destroyed} destroyed")
        for name, count in wraps.items():
            self.stdout.write(f"  {name}  MISSING: {count} data keys can't be read")

    def _new_kek(self, domain: str, options: dict[str, Any]) -> None:
        since = clock.now() + timedelta(seconds=options["wraps_in"])
        self._ring(domain)
        kek = key_file.add(keys_path(domain), wraps_from=since)
        log.info("crypto_kek_added", domain=domain, kek=kek.name, wraps_from=since.isoformat())
        self.stdout.write(f"{domain}: {kek.name} wraps from {since:%Y-%m-%d %H:%M:%S}. Then: rewrap")

    def _rewrap(self, domain: str, options: dict[str, Any]) -> None:
        outcome = rotation.rewrap(domain)
        self._tell(domain, "data keys wrapped anew", outcome)

    def _drop_kek(self, domain: str, options: dict[str, Any]) -> None:
        name, wraps = options["what"], rotation.keys_by_kek(domain)
        if self._ring(domain).wrapping(clock.now()).name == name:
            raise CommandError(f"{domain}: {name} is the key that wraps: new-kek first")
        if wraps.get(name):
            raise CommandError(f"{domain}: {name} wraps {wraps[name]} data keys: rewrap first")
        try:
            key_file.drop(keys_path(domain), name=name)
        except ValueError as error:
            raise CommandError(str(error)) from None
        log.info("crypto_kek_dropped", domain=domain, kek=name)
        self.stdout.write(f"{domain}: {name} is gone. Keep it as long as the oldest backup that you may restore")

    def _reencrypt(self, domain: str, options: dict[str, Any]) -> None:
        days = options["keys_older_than"]
        if days is not None:
            if days < 1:
                raise CommandError("--keys-older-than: at least 1, so that a second run finds the new ones young")
            renewed = rotation.renew(domain, before=clock.now() - timedelta(days=days))
            self.stdout.write(f"{domain}: {renewed} subjects have a newer key")
        self._tell(domain, "values sealed anew", rotation.reencrypt(domain))

    def _tell(self, domain: str, what: str, outcome: rotation.Outcome) -> None:
        self.stdout.write(f"{domain}: {outcome.changed} {what}")
        if outcome.unreadable:
            raise CommandError(f"{domain}: {outcome.unreadable} can't be read; the log names them")

    def _ring(self, domain: str) -> key_file.Ring:
        try:
            return key_file.read(keys_path(domain))
        except (OSError, ValueError) as error:
            raise CommandError(f"{domain}: {error}") from None
