"""REST routes of identity."""

from django.urls import path

from domains.identity.api import auth, availability, companies, invitations, profiles, registration, sessions

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
    path("me/profile/preview", profiles.MyProfilePreview.as_view()),
    path("me/availability", availability.MyAvailability.as_view()),
    path("companies", companies.CompanyList.as_view()),
    path("companies/<uuid:company_id>", companies.CompanyDetail.as_view()),
    path("companies/<uuid:company_id>/owner", companies.CompanyOwner.as_view()),
    path("companies/<uuid:company_id>/members", companies.CompanyMembers.as_view()),
    path("companies/<uuid:company_id>/members/<uuid:user_id>", companies.CompanyMemberDetail.as_view()),
    path("companies/<uuid:company_id>/invitations", invitations.CompanyInvitations.as_view()),
    path("companies/<uuid:company_id>/invitations/<uuid:invitation_id>/resend", invitations.InvitationResend.as_view()),
    path(
        "companies/<uuid:company_id>/invitations/<uuid:invitation_id>/withdraw",
        invitations.InvitationWithdraw.as_view(),
    ),
    path("invitations/accept", invitations.InvitationAccept.as_view()),
    path("invitations/decline", invitations.InvitationDecline.as_view()),
    path("me/companies", companies.MyCompanies.as_view()),
    path("me/company", companies.ActingCompany.as_view()),
    path("me/invitations", invitations.MyInvitations.as_view()),
    path("me/invitations/<uuid:invitation_id>/accept", invitations.MyInvitationAccept.as_view()),
    path("me/invitations/<uuid:invitation_id>/decline", invitations.MyInvitationDecline.as_view()),
    path("profiles/<uuid:user_id>", profiles.PublicProfile.as_view()),
    path("profiles/<uuid:user_id>/free", availability.FreeTimes.as_view()),
    path("profiles/<uuid:user_id>/companies", companies.PublicCompanies.as_view()),
]
