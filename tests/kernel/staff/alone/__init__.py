"""A desk in a process without identity. Run with ``KELMAH_ALONE=<domain>``, as tests/architecture does."""
