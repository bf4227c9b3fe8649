"""A vendor for trying things out, without anything outside: the last four of the number say what it finds."""

from collections.abc import Mapping
from typing import ClassVar, Final

from domains.identity.gateways.vendors.base import NoAnswerYet, Submission, Verdict
from domains.identity.rules.papers import plain_number

SILENT: Final = "0009"  # never answers
FINDS: Final[Mapping[str, str]] = {
    "0001": "unreadable",
    "0002": "name_differs",
    "0003": "number_differs",
    "0004": "face_differs",
    "0005": "altered",
    "0006": "too_old",
}


class SandboxVendor:
    """Finds what the number asks for; every other number, and every paper without one, passes. Never in production."""

    name: ClassVar[str] = "sandbox"

    def examine(self, submission: Submission) -> Verdict:
        ending = plain_number(submission.paper.details.number)[-4:]
        if ending == SILENT:
            raise NoAnswerYet
        found = FINDS.get(ending)
        return Verdict(findings=(found,) if found else (), reference=f"sandbox-{submission.document_id}")
