"""What a domain says about who may do what in it. Plain Python: every process knows all of it, whatever it serves.

A domain declares ``ROLES``, ``PERMISSIONS`` and, if there are any, ``RESTRICTIONS`` in its ``roles.py`` on this shelf.
A permission names the roles that have it, also those of other domains; a new domain brings its permissions, and its
roles, without changing others.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Something that not everybody may do: ``payments.refund_escrow``, named after the domain where it is done.

    ``to`` are the roles that have it, besides those that name it themselves. Nobody else has it.
    """

    name: str
    title: str
    to: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Role:
    """Something that people are, chosen at sign-up or granted.

    ``permissions``: what it may do, besides what permissions say of it. ``scope_kinds``: the kinds of scope it is held
    within (``company``), and ``""`` where it may also be held everywhere; empty: everywhere only. ``gives``: the roles
    that its holder may grant to others within the same scope. ``privileged``: takes two people to grant or to
    withdraw, an account of staff to hold, and a second factor to use.
    """

    name: str
    title: str
    permissions: tuple[str, ...] = ()
    scope_kinds: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    privileged: bool = False

    @property
    def is_held_everywhere(self) -> bool:
        return not self.scope_kinds or "" in self.scope_kinds


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """Something that somebody may be kept from for a time, whatever their roles: the permissions it ``takes``.

    A domain declares its own in ``RESTRICTIONS``; why, until when and what one may do about it is said in identity.
    """

    name: str
    title: str
    takes: tuple[str, ...]
