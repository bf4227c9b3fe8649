"""Requests that hash a password for whoever asks are answered by processes of low priority, one at a time in each.

A storm of logins then takes what the cores have left over: the hash, and the ten milliseconds of Python around it.
Threads of low priority would not do: while one waits for a core it may hold Python's lock, and the whole process waits
with it. What finds all places taken is refused before anything is read.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from kelmah.errors import Unavailable
from kelmah.http.crew import Crew, MemberLost
from kelmah.http.problems import problem
from kelmah.turns import Turns

LONGEST_BODY: Final = 65_536  # bytes; longer ones, and those of unknown length, are refused further in

_REFUSAL: Final = "kelmah.refusal"

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Aside:
    """A WSGI application that has ``paths`` answered by a crew, and all else by ``application``."""

    def __init__(self, application: Application, *, paths: Iterable[str], crew: Crew, waiting: int) -> None:
        self._application, self._paths, self._crew = application, frozenset(paths), crew
        self.turns = Turns(at_once=crew.size, waiting=waiting)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not self._is_for_the_crew(environ):
            return self._application(environ, start_response)
        try:
            self.turns.check_room()  # most refusals of a storm are made here, with nothing read
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            with self.turns.take():
                status, headers, content = self._crew.answer(_texts(environ), body)
        except Unavailable as refusal:
            return self._application(environ | {_REFUSAL: refusal}, start_response)
        except MemberLost:
            lost = Unavailable("Passwords can't be checked now.", data={"retry_after": 5})
            return self._application(environ | {_REFUSAL: lost}, start_response)
        start_response(status, headers)
        return [content]

    def _is_for_the_crew(self, environ: Environ) -> bool:
        length = str(environ.get("CONTENT_LENGTH", ""))
        return (
            environ["PATH_INFO"] in self._paths
            and environ["REQUEST_METHOD"] == "POST"
            and length.isdecimal()
            and int(length) <= LONGEST_BODY
        )


class RefusalMiddleware:
    """Says what ``Aside`` refused, within those that give an answer its language, its name and its form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if refusal := request.META.get(_REFUSAL):
            response = problem(refusal)
            response.headers["Content-Length"] = str(len(response.content))
            return response
        return self.get_response(request)


def with_crew(application: Application) -> Application:
    """As the settings ask for; the application itself where nothing is to be answered aside."""
    if not settings.ANSWERED_ASIDE:
        return application
    crew = Crew(size=settings.PASSWORD_HASHES_AT_ONCE)
    return Aside(application, paths=settings.ANSWERED_ASIDE, crew=crew, waiting=settings.PASSWORD_HASHES_WAITING)


def _texts(environ: Environ) -> Mapping[str, str]:
    """What can go to another process: all that a client has sent, and where it came from."""
    return {name: value for name, value in environ.items() if isinstance(value, str)}
