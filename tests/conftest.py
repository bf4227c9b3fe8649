"""pytest-django loads after ``kelmah.testing.plugin``: without this, its own ``django_db_setup`` would win."""

from kelmah.testing.plugin import django_db_setup

__all__ = ["django_db_setup"]
