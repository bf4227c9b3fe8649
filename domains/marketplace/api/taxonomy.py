"""Categories and skills over REST."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.marketplace import queries
from domains.marketplace.api import examples
from domains.marketplace.api.serializers.inputs import SkillQuery
from domains.marketplace.api.serializers.outputs import CategoryOut, SkillOut, render_category, render_skill
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Anyone
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View


class CategoryList(View):
    permission_classes = (Anyone,)

    @operation(
        summary="All categories, in the order to show them",
        response=CategoryOut,
        example_response={"items": [examples.CATEGORY], "next": None},
    )
    def get(self, request: Request) -> Response:
        categories = [render_category(category) for category in queries.all_categories()]
        return page_response(request, categories, next_cursor=None)


class SkillList(View):
    """A typeahead: words that begin a skill's name, a synonym of it, or its category. Skills are derived from O*NET."""

    permission_classes = (Anyone,)
    rate_class = "search"

    @operation(
        summary="Skills that match what is being typed, best first",
        query=SkillQuery,
        response=SkillOut,
        example_response={"items": [examples.SKILL], "next": None},
    )
    def get(self, request: Request) -> Response:
        asked = valid(SkillQuery, request.query_params)
        skills = queries.skills_like(text=asked["q"], category=asked["category"], limit=asked["limit"])
        return page_response(request, [render_skill(skill) for skill in skills], next_cursor=None)
