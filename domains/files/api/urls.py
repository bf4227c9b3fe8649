"""REST routes of files."""

from django.urls import path

from domains.files.api import views

urlpatterns = [
    path("files", views.FileList.as_view()),
    path("files/uploads", views.UploadAnnounce.as_view()),
    path("files/uploads/<uuid:file_id>/content", views.UploadContent.as_view()),
    path("files/uploads/<uuid:file_id>/complete", views.UploadComplete.as_view()),
    path("files/content/<str:link>", views.FileContent.as_view()),
    path("files/<uuid:file_id>", views.FileDetail.as_view()),
    path("files/<uuid:file_id>/download", views.FileDownload.as_view()),
]
