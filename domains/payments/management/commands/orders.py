"""``manage.py orders``: orders to gateways that nobody knows the end of, and what can be done about them."""

import time
from argparse import ArgumentParser
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from domains.payments import actions, queries
from domains.payments.models import GatewayCommand
from kelmah.errors import DomainError

_PATIENCE: Final = 15.0  # seconds; who else has the order in hand gives up on the gateway sooner


class Command(BaseCommand):
    help = "Show the orders to gateways that are undecided, ask about them, or declare one as never done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="those that are undecided, oldest first")
        ask = verbs.add_parser("ask", help="ask the gateway now; sent again, under its key, what it never saw")
        ask.add_argument("order", type=UUID, nargs="+")
        give_up = verbs.add_parser("give-up", help="the gateway denies it and has forgotten its key: never done")
        give_up.add_argument("order", type=UUID)
        give_up.add_argument("--by", type=UUID, required=True, help="your user id; kept with the decision")
        give_up.add_argument("--reason", required=True, help="kept with the decision")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb'].replace('-', '_')}")(**options)
        except DomainError as refusal:
            raise CommandError(f"{refusal.code}: {refusal.detail or refusal.title}") from None

    def _list(self, **options: Any) -> None:
        for command in queries.undecided_orders():
            self._tell(command)

    def _ask(self, *, order: list[UUID], **options: Any) -> None:
        for order_id in order:
            queries.command_named(order_id)
            actions.follow_command(command_id=order_id)
            self._tell(_at_rest(order_id))

    def _give_up(self, *, order: UUID, by: UUID, reason: str, **options: Any) -> None:
        actions.give_up_command(command_id=order, ruling=actions.Ruling(by=by, reason=reason))
        self._tell(queries.command_named(order))

    def _tell(self, command: GatewayCommand) -> None:
        self.stdout.write(
            f"{command.created_at:%F %T}  {command.id}  {command.gateway:<12} {command.kind:<7} {command.amount!s:>18}"
            f"  {command.state:<9} asked {command.attempts} times  {command.last_error}"
        )


def _at_rest(order_id: UUID) -> GatewayCommand:
    """The order once nobody has it in hand any more: a worker may be sending it at this moment."""
    until = time.monotonic() + _PATIENCE
    command = queries.command_named(order_id)
    while command.state in ("new", "sent") and time.monotonic() < until:
        time.sleep(0.2)
        command = queries.command_named(order_id)
    return command
