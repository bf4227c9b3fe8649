"""Settings of a Django project that has nothing but django-hordak: none of ours enters it, nor it ours."""

import os
from urllib.parse import unquote, urlsplit

_where = urlsplit(os.environ["HORDAK_DATABASE_URL"])

SECRET_KEY = "bench"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "mptt", "hordak"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _where.hostname,
        "PORT": _where.port,
        "NAME": _where.path.lstrip("/"),
        "USER": _where.username,
        "PASSWORD": unquote(_where.password or ""),
    }
}
DEFAULT_CURRENCY = HORDAK_INTERNAL_CURRENCY = "EUR"  # it knows the rates of the European bank only
CURRENCIES = HORDAK_CURRENCIES = ["EUR"]
