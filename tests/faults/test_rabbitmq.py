"""RabbitMQ as the broker: down, killed, and given tasks that kill their workers."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from amqp.exceptions import MessageNacked
from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import OperationalError

from kelmah.db import atomic
from kelmah.embedded.ports import answers
from kelmah.events.broker import hand_to
from kelmah.events.publish import enqueue
from kelmah.ids import new_id
from kelmah.testing.rabbitmq import RabbitMQ
from tests.faults.processes import ROOT, environment, kill, running, start, start_relay, start_worker, wait_until
from tests.probe import actions
from tests.probe.models import Errand, Outbox

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def rabbit() -> Iterator[RabbitMQ]:
    with RabbitMQ() as server:
        yield server


class Refused(Exception):
    """A command ended with an error, in these words."""


def here(rabbit: RabbitMQ) -> dict[str, str]:
    return {"CELERY_BROKER_URL": rabbit.url}


def errands_done() -> list[int]:
    return sorted(Errand.objects.filter(done=1).values_list("number", flat=True))


def queue(task: str, **arguments: Any) -> str:
    with atomic("probe"):
        return str(enqueue(task, **arguments))


def depth(rabbit: RabbitMQ, name: str) -> int:
    with Connection(rabbit.url) as connection:
        try:
            return int(connection.default_channel.queue_declare(name, passive=True).message_count)
        except connection.channel_errors:
            return 0


def tasks(rabbit: RabbitMQ, *words: str) -> str:
    command = [sys.executable, "manage.py", "tasks", *words]
    env = environment("probe", **here(rabbit))
    ended = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise Refused(ended.stderr)
    return ended.stdout


def test_tasks_go_through_and_wait_while_the_broker_is_away(rabbit: RabbitMQ) -> None:
    with running(start_relay(**here(rabbit)), start_worker(**here(rabbit))):
        actions.send_errand(0)
        wait_until("all is up", lambda: errands_done() == [0])
        rabbit.stop()
        for number in range(1, 6):
            actions.send_errand(number)
        wait_until("the relay was refused", lambda: Outbox.objects.filter(last_error__gt="").exists())
        assert Outbox.objects.count() == 5
        rabbit.start()
        wait_until("every errand is done", lambda: errands_done() == list(range(6)), seconds=90)
    assert not Outbox.objects.exists()


def test_what_the_broker_confirmed_survives_its_death(rabbit: RabbitMQ) -> None:
    with running(start_relay(**here(rabbit))):
        actions.send_errand(0)
        wait_until("the queue is there", lambda: depth(rabbit, "kelmah.probe") == 1)
        time.sleep(2)  # RabbitMQ writes down that there is a queue half a second after it was made, not before
        for number in range(1, 20):
            actions.send_errand(number)
        wait_until("all is handed over", lambda: not Outbox.objects.exists())
    rabbit.kill()
    rabbit.start()
    wait_until("the queue is back, whole", lambda: depth(rabbit, "kelmah.probe") == 20)
    with running(start_worker(**here(rabbit))):
        wait_until("every errand is done", lambda: errands_done() == list(range(20)), seconds=60)


def test_what_the_broker_does_not_confirm_stays_in_the_outbox(rabbit: RabbitMQ) -> None:
    """A queue that refuses to take more answers with a nack."""
    full = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    with Connection(rabbit.url) as connection:
        channel = connection.default_channel
        channel.exchange_declare("kelmah", "topic", durable=True, auto_delete=False)
        channel.queue_declare("kelmah.probe", durable=True, auto_delete=False, arguments=full)
    with running(start_relay(**here(rabbit))):
        for number in range(5):
            actions.send_errand(number)
        wait_until("the relay was refused", lambda: Outbox.objects.filter(last_error__gt="").exists())
    assert Outbox.objects.count() >= 3  # what was confirmed has left, what was not is here


def test_a_deleted_queue_takes_no_task_along(rabbit: RabbitMQ) -> None:
    """To an open connection it is still there, and RabbitMQ confirms what it throws away for want of a queue."""
    with running(start_relay(**here(rabbit))):
        actions.send_errand(1)
        wait_until("the queue is there", lambda: depth(rabbit, "kelmah.probe") == 1)
        with Connection(rabbit.url) as connection:
            connection.default_channel.queue_delete("kelmah.probe")
        actions.send_errand(2)
        wait_until("it came back, and waits", lambda: depth(rabbit, "kelmah.probe") == 1)
        wait_until("all is handed over", lambda: not Outbox.objects.exists())
    with running(start_worker(**here(rabbit))):
        wait_until("it is done", lambda: errands_done() == [2])


def test_tasks_wait_in_the_outbox_while_the_broker_hangs(rabbit: RabbitMQ) -> None:
    with running(start_relay(**here(rabbit)), start_worker(**here(rabbit))):
        actions.send_errand(0)
        wait_until("all is up", lambda: errands_done() == [0])
        rabbit.hang()
        for number in range(1, 4):
            actions.send_errand(number)
        wait_until("the relay gave up waiting", lambda: Outbox.objects.filter(last_error__gt="").exists())
        assert Outbox.objects.count() == 3
        rabbit.wake()
        wait_until("every errand is done", lambda: errands_done() == [0, 1, 2, 3], seconds=90)
        # What the broker took without being able to say so is done already, and asked for once more.
        wait_until("all is handed over", lambda: not Outbox.objects.exists())


def test_an_answer_that_comes_late_is_not_taken_for_that_of_the_next_task(rabbit: RabbitMQ) -> None:
    def hand(number: int) -> None:
        hand_to(app, task="probe.run_errand", arguments={"number": number}, task_id=str(new_id()))

    full = Queue("kelmah.probe", queue_arguments={"x-max-length": 2, "x-overflow": "reject-publish"})
    app = Celery(broker=rabbit.url, broker_transport_options={"confirm_publish": True}, task_queues=[full])
    app.conf.task_default_queue = full.name
    hand(0)
    rabbit.hang()
    with pytest.raises(OperationalError):
        hand(1)
    rabbit.wake()
    wait_until("it was taken all the same", lambda: depth(rabbit, full.name) == 2)
    with pytest.raises(OperationalError) as refused:
        hand(2)
    assert isinstance(refused.value.__cause__, MessageNacked)


def test_no_server_outlives_the_run_however_it_dies() -> None:
    holder = (
        "import time; from kelmah.testing.rabbitmq import RabbitMQ as R; print(R().__enter__().port); time.sleep(99)"
    )
    env = environment("probe") | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-c", holder], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    with running(process):
        assert process.stdout is not None
        port = int(process.stdout.readline())
        assert answers(port)
        kill(process)
    wait_until("it is gone as well", lambda: not answers(port), seconds=5)


def test_a_task_whose_worker_is_killed_is_done_by_another_at_once(rabbit: RabbitMQ, tmp_path: Path) -> None:
    Errand.objects.create(number=1)
    mark = tmp_path / "begun"
    with running(start_relay(**here(rabbit))):
        doomed = start_worker(**here(rabbit))
        with running(doomed):
            queue("probe.linger", number=1, mark=str(mark), seconds=3)
            wait_until("it has begun", mark.exists)
            kill(doomed)
        with running(start_worker(**here(rabbit))):
            wait_until("another did it", lambda: errands_done() == [1], seconds=30)


def test_a_task_that_kills_its_workers_is_given_up_shown_and_tried_again(rabbit: RabbitMQ, tmp_path: Path) -> None:
    antidote = tmp_path / "antidote"
    worker = start_worker(pool="prefork", **here(rabbit))
    with running(start_relay(**here(rabbit)), worker):
        task_id = queue("probe.kill_worker", unless=str(antidote))
        wait_until("it is given up", lambda: depth(rabbit, "kelmah.probe.dead") == 1, seconds=60)
        actions.send_errand(1)
        wait_until("the others go on", lambda: errands_done() == [1])
        listed = tasks(rabbit, "list")
        assert f"dead {task_id} probe.kill_worker (delivered 5 times, since " in listed
        assert str(antidote) not in listed
        antidote.touch()
        assert "waits again" in tasks(rabbit, "resubmit", task_id)
        wait_until("it was done", lambda: antidote.read_text() == "taken")
    assert depth(rabbit, "kelmah.probe.dead") == 0


def test_a_tick_that_nobody_took_is_dropped_and_not_buried(rabbit: RabbitMQ) -> None:
    Errand.objects.create(number=1)
    tick = 'from config.celery import app; app.send_task("probe.run_errand", kwargs={"number": 1}, expires=1)'
    with running(start_worker(**here(rabbit)), start_relay(**here(rabbit))):
        actions.send_errand(0)
        wait_until("there are queues and graves", lambda: errands_done() == [0])
    subprocess.run([sys.executable, "-c", tick], cwd=ROOT, env=environment("probe", **here(rabbit)), check=True)
    time.sleep(3)
    assert depth(rabbit, "kelmah.probe.dead") == 0
    with running(start_worker(**here(rabbit)), start_relay(**here(rabbit))):
        actions.send_errand(2)  # stands behind the tick: once it is done, the tick was looked at
        wait_until("the next one is done", lambda: errands_done() == [0, 2])
        # It is acknowledged after it was done.
        wait_until("neither waits nor is buried", lambda: depth(rabbit, "kelmah.probe") == 0)
    assert (errands_done(), depth(rabbit, "kelmah.probe.dead")) == ([0, 2], 0)


def test_tasks_that_are_to_be_tried_later_keep_no_other_waiting(rabbit: RabbitMQ) -> None:
    with running(start_relay(**here(rabbit)), start_worker(**here(rabbit))):
        for number in range(1, 4):
            Errand.objects.create(number=number)
            queue("probe.stumble", number=number, seconds=8)
        wait_until("all stumbled", lambda: not Outbox.objects.exists() and depth(rabbit, "kelmah.probe") == 0)
        began = time.monotonic()
        actions.send_errand(0)
        wait_until("the next one is done", lambda: 0 in errands_done())
        assert time.monotonic() - began < 5
        assert errands_done() == [0]
        wait_until("they were tried again", lambda: errands_done() == [0, 1, 2, 3])


def test_a_dead_task_is_discarded_for_a_reason(rabbit: RabbitMQ, tmp_path: Path) -> None:
    with running(start_relay(**here(rabbit)), start_worker(pool="prefork", **here(rabbit))):
        task_id = queue("probe.kill_worker", unless=str(tmp_path / "never"))
        wait_until("it is given up", lambda: depth(rabbit, "kelmah.probe.dead") == 1, seconds=60)
    with pytest.raises(Refused):
        tasks(rabbit, "discard", task_id, "--reason", " ")
    assert "discarded" in tasks(rabbit, "discard", task_id, "--reason", "a test")
    assert depth(rabbit, "kelmah.probe.dead") == 0
    with pytest.raises(Refused):
        tasks(rabbit, "resubmit", task_id)


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_a_worker_takes_only_what_its_own_domain_left(broker: str, request: pytest.FixtureRequest) -> None:
    more = here(request.getfixturevalue("rabbit")) if broker == "rabbitmq" else {}
    own = environment("probe", **more)
    name = f"stranger-{new_id()}@here"
    stranger = start(
        *("-m", "celery", "-A", "config", "worker", "--pool", "solo", "--loglevel", "error", "--hostname", name),
        env=own | {"LOCAL_DOMAINS": "reviews", "REVIEWS_DATABASE_URL": own["DATABASE_URL"]},
    )
    with running(stranger, start_relay(**more)):
        control = Celery(broker=more.get("CELERY_BROKER_URL", own["REDIS_URL"])).control
        wait_until("the stranger is up", lambda: bool(control.ping(destination=[name], timeout=1)))
        for number in range(3):
            actions.send_errand(number)
        wait_until("all is handed over", lambda: not Outbox.objects.exists())
        assert control.ping(destination=[name], timeout=5), "it had every opportunity"
        assert errands_done() == []
        with running(start_worker(**more)):
            wait_until("its own worker did them all", lambda: errands_done() == [0, 1, 2], seconds=30)
