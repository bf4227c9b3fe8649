"""PostgreSQL and Redis from wheels, and the supervisor: everything one command needs on a machine that has only Python.

Used by ``manage.py run`` and by the tests. A production deployment sets ``DATABASE_URL`` and ``REDIS_URL`` and never
imports this package.
"""
