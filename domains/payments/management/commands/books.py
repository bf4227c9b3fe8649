"""``manage.py books``: are the books in order, and what do they say?"""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from domains.payments.queries.balances import account_statement, trial_balance
from domains.payments.queries.exports import beancount, journal_csv
from domains.payments.queries.invariants import INVARIANTS, contradictions
from kelmah.money import Money

_EVER, _FOR_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    help = "Check the eight invariants of the ledger, print its balances, or export it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("check", help="the eight invariants; fails when one is broken")
        balance = verbs.add_parser("balance", help="the trial balance: every account, debit and credit")
        balance.add_argument("--at", type=_moment, help="then instead of now: 2026-11-01 or 2026-11-01T12:00:00+00:00")
        statement = verbs.add_parser("statement", help="what happened on one account")
        statement.add_argument("account", help="its name, for example gw:sandbox:GHS")
        export = verbs.add_parser("export", help="the whole books, for other tools")
        export.add_argument("format", choices=["csv", "beancount"])
        for verb in (statement, export):
            verb.add_argument("--since", type=_moment, default=_EVER, help="from then on (not for Beancount)")
            verb.add_argument("--until", type=_moment, default=_FOR_EVER, help="until before then (not for Beancount)")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(**options)

    def _check(self, **options: Any) -> None:
        broken = {found.invariant: found.rows for found in contradictions()}
        for invariant in INVARIANTS:
            self.stdout.write(f"{'BROKEN' if invariant in broken else 'ok    '}  {invariant}")
            for row in broken.get(invariant, []):
                self.stdout.write(f"        {row}")
        if broken:
            raise CommandError(f"{len(broken)} of {len(INVARIANTS)} invariants are broken: stop payouts and look.")

    def _balance(self, *, at: datetime | None, **options: Any) -> None:
        totals: dict[str, tuple[Money, Money]] = {}
        for row in trial_balance(at=at):
            self.stdout.write(f"{row.account:<64} {row.debit!s:>22} {row.credit!s:>22}")
            debit, credit = totals.get(row.balance.currency, (Money(0, row.balance.currency),) * 2)
            totals[row.balance.currency] = (debit + row.debit, credit + row.credit)
        for debit, credit in totals.values():
            self.stdout.write(f"{'total':<64} {debit!s:>22} {credit!s:>22}")

    def _statement(self, *, account: str, since: datetime, until: datetime, **options: Any) -> None:
        found = account_statement(account=account, since=since, until=until)
        if found is None:
            raise CommandError(f"No account is called {account}.")
        self.stdout.write(f"{'opening balance':<94} {found.opening!s:>22}")
        for line in found.lines:
            self.stdout.write(f"{line.at:%F %T}  {line.key:<72} {line.amount!s:>22} {line.balance!s:>22}")
        self.stdout.write(f"{'closing balance':<94} {found.closing!s:>22}")

    def _export(self, *, format: str, since: datetime, until: datetime, **options: Any) -> None:
        lines = beancount() if format == "beancount" else journal_csv(since=since, until=until)
        for line in lines:
            self.stdout.write(line, ending="")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
