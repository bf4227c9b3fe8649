"""What a request pays to be told who is asking: signature, claims, and one question to Redis. A process of its own.

python -m tests.benchmarks.identity.check COUNT
"""

import json
import statistics
import sys
import time

import django

django.setup()

from django.test import RequestFactory
from rest_framework.request import Request

from kelmah.http.authentication import BearerAuthentication
from kelmah.http.keys import sign_access_token
from kelmah.ids import new_id


def measure(count: int) -> dict[str, float]:
    """The median of milliseconds per check: of tokens never seen before, and of some that come again and again."""
    tokens = [
        sign_access_token(
            {"sub": str(new_id()), "sid": str(new_id()), "roles": ["worker"], "auth_time": 1, "standing": 0}
        )
        for _ in range(count)
    ]
    again = tokens[:64] * (count // 64)
    checked(tokens[:64])  # connections and code are warm
    return {"first": statistics.median(checked(tokens[64:])), "again": statistics.median(checked(again)[64:])}


def checked(tokens: list[str]) -> list[float]:
    bearer, times = BearerAuthentication(), []
    for token in tokens:
        request = Request(RequestFactory().get("/", headers={"Authorization": f"Bearer {token}"}))
        begun = time.perf_counter()
        bearer.authenticate(request)
        times.append((time.perf_counter() - begun) * 1000)
    return times


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
