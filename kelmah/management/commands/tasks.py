"""``manage.py tasks``: what waits in the queues of Celery, and what to do with tasks that kill their workers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kelmah.errors import DomainError
from kelmah.events import dead_tasks


class Command(BaseCommand):
    help = "Show queues and dead tasks, try a dead task again, or give it up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="depth of every queue, and the dead tasks")
        again = verbs.add_parser("resubmit", help="try a dead task again")
        again.add_argument("task")
        lose = verbs.add_parser("discard", help="give a dead task up, with a reason")
        lose.add_argument("task")
        lose.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if not dead_tasks.has_graves():
            raise CommandError("This broker buries nothing: only RabbitMQ does (CELERY_BROKER_URL=amqp://…).")
        try:
            getattr(self, f"_{options['verb']}")(options)
        except DomainError as error:
            raise CommandError(error.detail) from None

    def _list(self, options: dict[str, Any]) -> None:
        for queue, (waiting, dead) in dead_tasks.depths().items():
            self.stdout.write(f"{queue:<24} {waiting:>7} waiting {dead:>5} dead")
        for task in dead_tasks.dead_tasks():
            why = f"delivered {task.deliveries} times" if task.deliveries else task.reason
            since = f", since {task.since:%Y-%m-%d %H:%M:%S} UTC" if task.since else ""
            self.stdout.write(f"  dead {task.id} {task.name} ({why}{since})")

    def _resubmit(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{dead_tasks.resubmit(options['task']).name} waits again")

    def _discard(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{dead_tasks.discard(options['task'], reason=options['reason']).name} is discarded")
