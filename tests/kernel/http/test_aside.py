"""Requests that hash passwords are answered by a crew of low priority, and refused when it has its hands full."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from django.core.wsgi import get_wsgi_application

from kelmah.http.aside import LONGEST_BODY, Aside
from kelmah.http.crew import NICENESS, Crew, MemberLost

ALIVE = "/health/live"


def request_of(path=ALIVE, *, method="POST", body=b"{}", **more):
    return {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        **more,
    }


def ask(application, environ):
    said = {}
    content = b"".join(application(environ, lambda status, headers, *_: said.update(status=status, headers=headers)))
    return int(said["status"].split()[0]), dict(said["headers"]), content


def alive(crew):
    environ = {name: value for name, value in request_of(method="GET").items() if isinstance(value, str)}
    return crew.answer(environ, b"")


def members():
    return [each for each in psutil.Process().children() if "kelmah.http.crew" in each.cmdline()]


@pytest.fixture(scope="module")
def crew():
    found = Crew(size=1)
    yield found
    found.dismiss()


def here(environ, start_response):
    start_response("200 OK", [])
    return [b"here"]


def test_what_the_crew_answers_is_what_the_application_would_have(crew):
    environ = request_of(method="GET", HTTP_X_REQUEST_ID="one-and-the-same")
    status, headers, content = ask(get_wsgi_application(), dict(environ))
    aside = crew.answer({name: value for name, value in environ.items() if isinstance(value, str)}, b"")
    assert aside == (f"{status} OK", list(headers.items()), content)
    assert json.loads(content)


def test_a_member_yields_to_others_and_shows_nobody_what_was_sent(crew):
    alive(crew)
    [member] = members()
    assert member.nice() == min(19, psutil.Process().nice() + NICENESS)
    assert ALIVE not in " ".join(member.cmdline())


def test_only_what_is_listed_is_for_the_crew(crew):
    application = Aside(here, paths=[ALIVE], crew=crew, waiting=1)
    assert ask(application, request_of())[0] == 403, "the crew's answer: Django refuses such a POST"
    for other in (
        request_of("/health/ready"),
        request_of(method="GET"),
        request_of(CONTENT_LENGTH=""),
        request_of(CONTENT_LENGTH="-1"),
        request_of(CONTENT_LENGTH=str(LONGEST_BODY + 1)),
    ):
        assert ask(application, other)[2] == b"here"


def test_whoever_finds_all_places_taken_is_told_when_to_come_again(crew):
    alive(crew)
    [member] = members()
    application = Aside(get_wsgi_application(), paths=[ALIVE], crew=crew, waiting=0)
    served = []
    member.suspend()
    first = threading.Thread(target=lambda: served.append(ask(application, request_of())))
    first.start()
    until = time.monotonic() + 10
    while application.turns.room.acquire(blocking=False):
        application.turns.room.release()
        assert time.monotonic() < until
    try:
        begun = time.monotonic()
        status, headers, content = ask(application, request_of(HTTP_ACCEPT_LANGUAGE="fr"))
        assert time.monotonic() - begun < 1
    finally:
        member.resume()
        first.join(30)
    assert (status, headers["Retry-After"], headers["Content-Type"]) == (503, "2", "application/problem+json")
    assert headers["Content-Length"] == str(len(content))
    problem = json.loads(content)
    assert (problem["code"], problem["request_id"]) == ("unavailable", headers["X-Request-ID"])
    assert problem["detail"].startswith("Beaucoup de personnes")
    assert served[0][0] == 403, "and who was first is served"
    assert ask(application, request_of())[0] == 403, "the place is free again"


def test_a_phone_that_sends_slowly_holds_nobody_up(crew):
    """Its body, that is: its turn begins when all of it is there."""
    application = Aside(get_wsgi_application(), paths=[ALIVE], crew=crew, waiting=0)
    sent = threading.Event()

    class Slowly(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert sent.wait(30)
            return super().read(size)

    served = []
    environ = request_of() | {"wsgi.input": Slowly(b"{}")}
    slow = threading.Thread(target=lambda: served.append(ask(application, environ)))
    slow.start()
    try:
        time.sleep(0.2)
        assert ask(application, request_of())[0] == 403
    finally:
        sent.set()
        slow.join(30)
    assert served[0][0] == 403


def test_a_client_cannot_have_itself_refused_by_a_header():
    status, _, _ = ask(get_wsgi_application(), request_of(method="GET", HTTP_KELMAH_REFUSAL="yes"))
    assert status == 200


def test_one_that_died_is_replaced(crew):
    alive(crew)
    [dead] = members()
    dead.kill()
    psutil.wait_procs([dead], 5)
    assert alive(crew)[0] == "200 OK"
    assert [each.pid for each in members()] != [dead.pid]


def test_a_request_whose_answer_was_lost_is_not_tried_again(crew):
    alive(crew)
    [member] = members()
    member.suspend()
    killer = threading.Timer(0.3, member.kill)
    killer.start()
    with pytest.raises(MemberLost):
        alive(crew)
    assert alive(crew)[0] == "200 OK"
    application = Aside(get_wsgi_application(), paths=[ALIVE], crew=crew, waiting=0)
    [member] = members()
    member.suspend()
    threading.Timer(0.3, member.kill).start()
    status, headers, _ = ask(application, request_of())
    assert (status, headers["Retry-After"]) == (503, "5")


def test_of_many_at_once_each_gets_its_own_answer_and_no_more_are_at_work_than_there_are_members():
    """One that asks under another name would notice: answers bear the name of the request."""
    others = {each.pid for each in members()}
    pair = Crew(size=2)
    answers = {}

    def one(name):
        environ = {key: text for key, text in request_of(method="GET").items() if isinstance(text, str)}
        _, headers, _ = pair.answer(environ | {"HTTP_X_REQUEST_ID": name}, b"")
        answers[name] = dict(headers)["X-Request-ID"]

    names = [f"request-{number:02}" for number in range(12)]
    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len({each.pid for each in members()} - others) == 2
    finally:
        pair.dismiss()
    assert answers == {name: name for name in names}


def test_ctrl_c_is_for_whoever_asks(crew):
    alive(crew)
    [member] = members()
    member.send_signal(signal.SIGINT)
    assert alive(crew)[0] == "200 OK"
    assert [each.pid for each in members()] == [member.pid]


def test_it_ends_when_whoever_asked_is_killed():
    code = (
        "import time; from tests.kernel.http.test_aside import alive; from kelmah.http.crew import Crew;"
        "crew = Crew(size=1); alive(crew); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ) as asker:
        assert asker.stdout
        while "ready" not in (line := asker.stdout.readline()):
            assert line, "it ended before it was ready"
        [member] = psutil.Process(asker.pid).children()
        asker.kill()
        gone, _ = psutil.wait_procs([member], 10)
    assert gone
