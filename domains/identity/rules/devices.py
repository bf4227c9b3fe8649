"""What kind of device a request comes from, as people would name it."""

from ua_parser import parse_os, parse_user_agent

from domains.identity.rules.texts import is_plain

LONGEST_KIND = 120


def kind_of(user_agent: str) -> str:
    """``Chrome Mobile on Android``: browser or app, and system, without versions; empty when neither is known.

    What the client says of itself, so good for recognition and for no decision.
    """
    browser, system = parse_user_agent(user_agent), parse_os(user_agent)
    kind = " on ".join(each.family for each in (browser, system) if each)
    return kind[:LONGEST_KIND] if is_plain(kind) else ""


def shown_name(*, device_name: str, device_kind: str) -> str:
    """How a device is called in lists and letters."""
    return device_name or device_kind or "an unknown device"
