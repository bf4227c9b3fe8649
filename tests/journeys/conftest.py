"""Systems to play journeys on, and the staff's desk."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.journeys.system import Running, started


@pytest.fixture
def desk() -> Client:
    """Somebody of staff, logged in at the desk; for tests marked with identity."""
    from django.contrib.contenttypes.models import ContentType

    from domains.identity.actions import create_staff
    from domains.identity.models import Outbox
    from tests.identity.desk import show_second_factor

    ContentType.objects.clear_cache()  # numbers of kinds that an earlier test made were rolled back with it
    client = Client()
    member = create_staff(email="desk@example.com", password="eleven purple giraffes sing", display_name="Desk")
    client.force_login(member)
    show_second_factor(client, member)
    Outbox.objects.all().delete()  # what they are told of it is no part of these tests
    return client


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("loopback", "split")]


@pytest.fixture(scope="session", params=["local", *SLOW])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A whole system with servers, ports and data of its own; stopped as by Ctrl-C, which must succeed.

    ``manage.py run``, once with calls between domains made directly and once with every call going over the wire; and
    ``manage.py split``, where every domain has its own processes and database.
    """
    with started(request.param) as system:
        yield system
