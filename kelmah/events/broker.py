"""The Celery application that tasks are handed to."""

from celery import Celery
from django.conf import settings
from django.utils.module_loading import import_string


def broker() -> Celery:
    """The application that ``settings.CELERY_APP`` names, with the tasks of all local domains."""
    app: Celery = import_string(settings.CELERY_APP)
    return app
