"""The kernel as a Django application: commands and checks, no tables."""

from django.apps import AppConfig


class KelmahConfig(AppConfig):
    name = "kelmah"
    label = "kelmah"

    def ready(self) -> None:
        from kelmah import checks  # noqa: F401 - registers them
        from kelmah.events import checks as event_checks  # noqa: F401 - registers them
