"""What ``GET /jobs`` is compared with, on the same server behind the same middleware."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework import generics, pagination, serializers

from domains.marketplace import queries
from domains.marketplace.models import Job, JobSkill


class PlainSkill(serializers.ModelSerializer):
    id = serializers.CharField(source="skill_id")
    name = serializers.CharField(source="skill.name")

    class Meta:
        model = JobSkill
        fields = ("id", "name")


class PlainJob(serializers.ModelSerializer):
    """The fields of a job in the list, as one would first write them."""

    skills = PlainSkill(many=True, source="jobskill_set")
    excerpt = serializers.SerializerMethodField()
    budget = serializers.SerializerMethodField()
    place = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "hirer_id", "title", "excerpt", "category", "skills", "kind", "mode", "budget", "place",
            "visibility", "state", "version", "published_at", "expires_at",
        )  # fmt: skip

    def get_excerpt(self, job: Job) -> str:
        return job.description[:240]

    def get_budget(self, job: Job) -> dict[str, Any]:
        return {"amount": job.budget_minor, "currency": job.currency}

    def get_place(self, job: Job) -> dict[str, Any] | None:
        if job.place_name is None:
            return None
        return {"name": job.place_name, "latitude": job.latitude, "longitude": job.longitude}


class NewestFirst(pagination.CursorPagination):
    page_size = 20
    ordering = ("-published_at", "-id")


class PlainJobs(generics.ListAPIView):
    """REST framework's own list view: no total, no rate limit, no token. The tsvector is left unread: a beginner would
    read it, too, but that is not what is measured."""

    authentication_classes = ()
    permission_classes = ()
    serializer_class = PlainJob
    pagination_class = NewestFirst
    queryset = (
        Job.objects.filter(state="open", visibility="public").defer("search").prefetch_related("jobskill_set__skill")
    )


def same_sql(request: HttpRequest) -> HttpResponse:
    """The statement of ``GET /jobs`` and nothing around it."""
    page = queries.job_feed(wanted=queries.JobFilter(), viewer_id=None, limit=20)
    return HttpResponse(f'{{"items": {page.items}}}', content_type="application/json")
