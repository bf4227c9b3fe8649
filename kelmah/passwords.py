"""Password hashing: Argon2id with the parameters OWASP recommends (19 MiB, two passes, one lane)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """About 20 ms of CPU per check; Django's default parameters cost ten times that, and a login storm the service."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
