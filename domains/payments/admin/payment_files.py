"""Files with payouts for the bank: made here, downloaded, and given up when the bank refuses them."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelectWidget

from domains.payments import actions
from domains.payments.actions import payment_files
from domains.payments.models import PaymentFile
from kelmah.errors import NotFound
from kelmah.http.staff import Guarded
from kelmah.staff.deciding import AddedByAction, WithReason, attempt

_TYPES = {"pain.001": ("application/xml", "xml"), "csv": ("text/csv; charset=utf-8", "csv")}


class PaymentFileForm(forms.ModelForm):
    """Everything that waits in one currency goes into the file."""

    currency = forms.ChoiceField(
        choices=lambda: [(each, each) for each in settings.BANK_CURRENCIES], widget=UnfoldAdminSelectWidget()
    )

    class Meta:
        model = PaymentFile
        fields: tuple[str, ...] = ()


@admin.register(PaymentFile)
class PaymentFileAdmin(Guarded, AddedByAction):
    sees = "payments.view_money"
    does = {"refuse": "payments.make_payment_file"}
    list_display = ("made_at", "count", "total", "pay_on", "state", "downloads", "files")
    list_filter = ("state", "currency")
    search_fields = ("id",)
    ordering = ("-made_at",)
    form = PaymentFileForm
    action_form = WithReason
    actions = ("refuse",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.make_payment_file"))

    def get_fields(self, request: HttpRequest, obj: PaymentFile | None = None) -> Any:
        return ("currency",) if obj is None else [field.name for field in PaymentFile._meta.fields]

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download)
        own = path("<uuid:file_id>/<str:written_as>/", download, name="payments_paymentfile_download")
        return [own, *super().get_urls()]

    @admin.display(description="download")
    def files(self, file: PaymentFile) -> str:
        if file.state != "made":
            return "–"
        return format_html('<a href="{0}/pain.001/">pain.001</a> · <a href="{0}/csv/">CSV</a>', file.pk)

    def download(self, request: HttpRequest, file_id: UUID, written_as: str) -> HttpResponse:
        """The file itself, with names and numbers of people."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if written_as not in _TYPES:
            return HttpResponse(status=404)
        try:
            content = payment_files.download(file_id=file_id, written_as=written_as)
        except NotFound:
            return HttpResponse(status=404)
        media_type, ending = _TYPES[written_as]
        response = HttpResponse(content, content_type=media_type)
        response["Content-Disposition"] = f'attachment; filename="payouts-{file_id}.{ending}"'
        return response

    def save_model(self, request: HttpRequest, obj: PaymentFile, form: ModelForm, change: bool) -> None:
        made = payment_files.make(currency=form.cleaned_data["currency"], by=cast(UUID, request.user.pk))
        obj.__dict__.update(made.__dict__)

    def response_add(
        self, request: HttpRequest, obj: PaymentFile, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"{obj}: download it below, hand it in once, and bring the bank's statements.")
        return HttpResponseRedirect("..")

    @admin.action(description="The bank took nothing of it: the money goes back to the wallets, with the reason given")
    def refuse(self, request: HttpRequest, queryset: QuerySet[PaymentFile]) -> None:
        ruling = actions.Ruling(by=request.user.pk, reason=request.POST.get("reason", ""))
        for file in queryset:
            attempt(request, file, lambda file=file: payment_files.refuse(file_id=file.id, ruling=ruling))
