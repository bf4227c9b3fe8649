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
    """Milliseconds per check: the median, and the mean of the fastest 95 of 100."""
    tokens = [
        sign_access_token(
            {"sub": str(new_id()), "sid": str(new_id()), "roles": ["worker"], "auth_time": 1, "standing": 0}
        )
        for _ in range(64)
    ]
    bearer, times = BearerAuthentication(), []
    for number in range(count + 200):
        raw = RequestFactory().get("/", headers={"Authorization": f"Bearer {tokens[number % 64]}"})
        request = Request(raw)
        begun = time.perf_counter()
        bearer.authenticate(request)
        times.append((time.perf_counter() - begun) * 1000)
    times = sorted(times[200:])
    return {"median": statistics.median(times), "mean": statistics.fmean(times[: len(times) * 95 // 100])}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
