"""The REST API, the staff desk and internal calls, for a WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

from kelmah.http.aside import with_crew
from kelmah.http.keys import ask_for_keys_ahead

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
application = with_crew(get_wsgi_application())
ask_for_keys_ahead()
