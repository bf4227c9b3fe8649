"""Forgetting what is of no more use."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q

from domains.identity import rules
from domains.identity.models import (
    ApiKey,
    AuthSession,
    Challenge,
    Factor,
    LoginGuard,
    PasskeyChallenge,
    PendingLogin,
    SocialFlow,
)
from domains.identity.rules.factors import ENROLLING_LASTS
from kelmah import clock
from kelmah.db import atomic


def forget_old_rows() -> int:
    """Delete sessions and API keys that ended a month ago, guards without recent failures, sign-ups and other things
    for which no secret came back, logins that wait for a second factor or a provider in vain; returns how many rows."""
    now = clock.now()
    long_ago = now - rules.KEPT_AFTER_END
    ended = Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago) | Q(idle_expires_at__lt=long_ago)
    quiet = Q(last_failed_at__isnull=True) | Q(last_failed_at__lt=now - timedelta(days=1))
    unused = Q(expires_at__lt=now) & (Q(secret_expires_at__isnull=True) | Q(secret_expires_at__lt=now))
    with atomic("identity"):
        forgotten = Challenge.objects.filter(unused).delete()[0]
        forgotten += ApiKey.objects.filter(Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago)).delete()[0]
        forgotten += AuthSession.objects.filter(ended).delete()[0]
        forgotten += LoginGuard.objects.filter(quiet).delete()[0]
        forgotten += PasskeyChallenge.objects.filter(expires_at__lt=now).delete()[0]
        forgotten += PendingLogin.objects.filter(expires_at__lt=now).delete()[0]
        forgotten += Factor.objects.filter(confirmed_at__isnull=True, created_at__lt=now - ENROLLING_LASTS).delete()[0]
        forgotten += SocialFlow.objects.filter(expires_at__lt=now).delete()[0]
        forgotten += Session.objects.filter(expire_date__lt=now).delete()[0]
    return forgotten
