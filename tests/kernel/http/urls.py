from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from kelmah.http.jwks import jwks
from tests.kernel.http.probes import views


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>for people</p>")


v1 = [
    path("whoami", views.WhoamiView.as_view()),
    path("open", views.OpenView.as_view()),
    path("hirers", views.HirersView.as_view()),
    path("vault", views.VaultView.as_view()),
    path("open-vault", views.OpenVaultView.as_view()),
    path("delegate", views.DelegateView.as_view()),
    path("private", views.PrivateView.as_view()),
    path("gate", views.GateView.as_view()),
    path("login", views.LoginView.as_view()),
    path("echo", views.EchoView.as_view()),
    path("notes", views.NotesView.as_view()),
    path("notes/<uuid:note_id>", views.NoteView.as_view()),
    path("money", views.MoneyView.as_view()),
    path("fragment", views.FragmentView.as_view()),
    path("picture", views.PictureView.as_view()),
    path("failing/<slug:how>", views.FailingView.as_view()),
    path("plain/<slug:how>", views.plain),
]
urlpatterns = [
    path("", include("kelmah.http.urls")),
    path(".well-known/jwks.json", jwks),
    path("api/v1/", include(v1)),
    path("admin/page", page),
]
handler400 = "kelmah.http.problems.bad_request"
handler403 = "kelmah.http.problems.permission_denied"
handler404 = "kelmah.http.problems.not_found"
handler500 = "kelmah.http.problems.server_error"
