from config.settings.test import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.calls.urls"
