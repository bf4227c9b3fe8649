"""Who looks at identity papers before people do: one file per vendor behind one small interface."""

from django.conf import settings

from domains.identity.gateways.vendors.base import NoAnswerYet, Submission, Vendor, Verdict
from domains.identity.gateways.vendors.manual import ManualVendor
from domains.identity.gateways.vendors.sandbox import SandboxVendor

__all__ = ["NoAnswerYet", "Submission", "Vendor", "Verdict", "vendor"]

_VENDORS: dict[str, type[Vendor]] = {"manual": ManualVendor, "sandbox": SandboxVendor}


def vendor() -> Vendor:
    """The one that ``VERIFICATION_VENDOR`` names."""
    return _VENDORS[settings.VERIFICATION_VENDOR]()
