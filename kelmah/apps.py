"""The kernel as a Django application: commands and checks, no tables."""

from django.apps import AppConfig


class KelmahConfig(AppConfig):
    name = "kelmah"
    label = "kelmah"

    def ready(self) -> None:
        from kelmah import checks  # noqa: F401 - registers them
        from kelmah.crypto.kms import refuse_to_start_without_keys
        from kelmah.domain import sealing_domains
        from kelmah.events import checks as event_checks  # noqa: F401 - registers them
        from kelmah.rights import checks as rights_checks  # noqa: F401 - registers them

        for domain in sealing_domains():
            refuse_to_start_without_keys(domain)
