"""Tables of identity. What a constraint can say, a constraint says."""

from domains.identity.models.analytics import ActivationStep, ActiveWeek, Figure
from domains.identity.models.api_keys import ApiKey
from domains.identity.models.availability import DayOff, WeeklySlot
from domains.identity.models.challenges import AddressChange, Challenge, Registration
from domains.identity.models.companies import Company, CompanyInvitation, CompanyMember
from domains.identity.models.directory import FinishedJob, RankWeights, Skill, SkillWord, WorkerCard
from domains.identity.models.factor_resets import FactorReset
from domains.identity.models.factors import Factor, PasskeyChallenge, PendingLogin, RecoveryCode
from domains.identity.models.grants import RoleGrant, RoleRequest
from domains.identity.models.impersonation import Impersonation
from domains.identity.models.papers import Document, DocumentStep
from domains.identity.models.people import User
from domains.identity.models.plumbing import DataKey, Deadline, IdempotencyKey, Inbox, Outbox
from domains.identity.models.privacy import DataExport, Erasure, PrivacyReceipt
from domains.identity.models.profiles import Profile, ProfileSkill
from domains.identity.models.restrictions import Restriction
from domains.identity.models.resume import Education, Experience
from domains.identity.models.sessions import AuthSession, LoginGuard
from domains.identity.models.settings import Settings
from domains.identity.models.social import SocialFlow, SocialLogin

__all__ = [
    "ActivationStep",
    "ActiveWeek",
    "AddressChange",
    "ApiKey",
    "AuthSession",
    "Challenge",
    "Company",
    "CompanyInvitation",
    "CompanyMember",
    "DataExport",
    "DataKey",
    "DayOff",
    "Deadline",
    "Document",
    "DocumentStep",
    "Education",
    "Erasure",
    "Experience",
    "Factor",
    "FactorReset",
    "Figure",
    "FinishedJob",
    "IdempotencyKey",
    "Impersonation",
    "Inbox",
    "LoginGuard",
    "Outbox",
    "PasskeyChallenge",
    "PendingLogin",
    "PrivacyReceipt",
    "Profile",
    "ProfileSkill",
    "RankWeights",
    "RecoveryCode",
    "Registration",
    "Restriction",
    "RoleGrant",
    "RoleRequest",
    "Settings",
    "Skill",
    "SkillWord",
    "SocialFlow",
    "SocialLogin",
    "User",
    "WeeklySlot",
    "WorkerCard",
]
