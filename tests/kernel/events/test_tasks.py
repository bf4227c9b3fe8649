"""Tasks are named after the domain whose package they are in: kept, and broken."""

from kelmah.events.broker import broker
from kelmah.events.checks import misnamed_tasks, tasks_belong_to_their_domain

HOMES = {"domains.town": "town", "domains.town_hall": "town_hall"}


def test_the_project_keeps_it() -> None:
    assert tasks_belong_to_their_domain(None) == []
    assert "messaging.deliver" in broker().tasks, "the check must have seen the tasks"


def test_a_task_named_after_its_domain_is_fine() -> None:
    assert misnamed_tasks({"town.sweep": "domains.town.tasks"}, homes=HOMES) == []


def test_a_task_of_a_library_is_not_our_business() -> None:
    assert misnamed_tasks({"celery.chord": "celery.app.builtins"}, homes=HOMES) == []


def test_a_task_without_a_name_of_its_own_is_found() -> None:
    (found,) = misnamed_tasks({"domains.town.tasks.sweep": "domains.town.tasks"}, homes=HOMES)
    assert found.id == "kelmah.E023"
    assert found.hint == 'Call it @shared_task(name="town.sweep").'


def test_a_task_named_after_another_domain_is_found() -> None:
    found = misnamed_tasks({"town.sweep": "domains.town_hall.tasks"}, homes=HOMES)
    assert [message.id for message in found] == ["kelmah.E023"]
