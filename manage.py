#!/usr/bin/env python
"""Kelmah's command line."""

import os
import sys

from kelmah.architecture.alone import wall_in_if_asked


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    wall_in_if_asked()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
