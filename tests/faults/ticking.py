"""Our Celery application with a schedule for tests: one tick a second."""

from config.celery import app

app.finalize()
app.conf.get("timezone")  # the first look at the configuration makes the real schedule, which this replaces
app.conf.beat_schedule = {"tick": {"task": "probe.nothing", "schedule": 1.0}}
