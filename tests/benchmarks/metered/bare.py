"""The floor: a loop of bare psycopg over a table, taking rows with SKIP LOCKED until there are none.

``python -m tests.benchmarks.metered.bare <url> <rows at a time>``
"""

import sys
import time

import psycopg

TABLES = """
CREATE TABLE bare_job (id bigserial PRIMARY KEY, payload jsonb NOT NULL);
CREATE TABLE bare_effect (id bigserial PRIMARY KEY, job_id bigint NOT NULL, payload jsonb NOT NULL);
"""
_TAKE = """
DELETE FROM bare_job WHERE id IN (SELECT id FROM bare_job ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, payload::text
"""


def fill(url: str, count: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO bare_job (payload) SELECT jsonb_build_object('line', 'line ' || n, 'number', n,"
            " 'note', 'A few words, so that an event is as long as events are.') FROM generate_series(1, %s) n",
            [count],
        )


def work(url: str, at_a_time: int) -> None:
    worked = False
    with psycopg.connect(url) as connection:
        while True:
            with connection.transaction():
                rows = connection.execute(_TAKE, [at_a_time]).fetchall()
                if worked and not rows:
                    return
                if not rows:
                    time.sleep(0.01)  # not filled yet
                    continue
                worked = True
                connection.cursor().executemany("INSERT INTO bare_effect (job_id, payload) VALUES (%s, %s)", rows)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]))
