"""REST routes of identity."""

from django.urls import path

from domains.identity.api import auth, profiles, registration, sessions

urlpatterns = [
    path("auth/register", registration.Register.as_view()),
    path("auth/register/resend", registration.ResendRegistration.as_view()),
    path("auth/register/confirm", registration.ConfirmRegistration.as_view()),
    path("auth/login", auth.Login.as_view()),
    path("auth/refresh", auth.Refresh.as_view()),
    path("auth/logout", auth.Logout.as_view()),
    path("me", profiles.Me.as_view()),
    path("me/sessions", sessions.MySessions.as_view()),
    path("me/sessions/<uuid:session_id>", sessions.MySession.as_view()),
    path("me/profile", profiles.MyProfile.as_view()),
    path("profiles/<uuid:user_id>", profiles.PublicProfile.as_view()),
]
