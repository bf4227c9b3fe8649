"""The search of workers, over REST."""

from typing import Any

from orjson import Fragment
from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.api.examples import WORKER
from domains.identity.api.serializers.workers import WorkerOut, WorkerQuery, worker_filter
from domains.identity.queries import cards, directory
from domains.identity.queries.taxonomy import spelled
from domains.identity.rules.directory import search_words
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Anyone
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View


class WorkerList(View):
    permission_classes = [Anyone]
    rate_class = "search"

    @operation(
        summary="Find workers",
        description="Who passes all filters. By `rank` those come first who fit `q` and `skill` best and stand best: "
        "by stars, verification, completed jobs and how lately they were here; `rank` says what counted how much. "
        "A word that nobody has is taken for the most similar one of skills. `total` counts up to 1,000.",
        query=WorkerQuery,
        response=WorkerOut,
        page=True,
        example_response={"items": [WORKER], "next": None, "total": {"value": 1, "relation": "eq"}},
    )
    def get(self, request: Request) -> Response:
        asked = valid(WorkerQuery, request.query_params)
        weights = cards.weights()
        words = search_words(asked.get("q", ""))
        scope = f"workers:{asked['sort']}:{weights.version}:{worker_filter(asked, words).fingerprint()}"
        after: Any = read_cursor(request, scope)
        # A page goes on with the words of the first, whatever is in the directory by now.
        meant = after[0].split() if after else spelled(words)
        begin = directory.Place(total=directory.Total(*after[1:3]), after=after[3:]) if after else None
        page = directory.find(
            worker_filter(asked, meant), sort=asked["sort"], limit=read_limit(request), weights=weights, begin=begin
        )
        cursor = None
        if page.last:
            carried = (" ".join(meant), page.total.value, page.total.exact, *page.last)
            cursor = write_cursor(request, scope, carried)
        return page_response(request, Fragment(page.items), next_cursor=cursor, total=page.total.as_json())
