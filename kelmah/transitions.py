"""State machines as tables: one row per allowed step, read by actions, admin, documentation and tests alike."""

from collections.abc import Iterable
from dataclasses import dataclass

from kelmah.errors import InvalidTransition


@dataclass(frozen=True)
class Transition:
    """One allowed step.

    ``actor`` is a role of the object (``hirer``, ``worker``, ``system``, ``staff``; several joined by ``|``), ``guard``
    a sentence about what else must hold, ``deadline`` what happens by the clock, ``event`` the fact published.
    """

    name: str
    source: str
    target: str
    actor: str
    guard: str = ""
    deadline: str = ""
    event: str = ""

    @property
    def actors(self) -> frozenset[str]:
        return frozenset(self.actor.split("|"))


class StateTable:
    """All states of one kind of object and the steps between them."""

    def __init__(self, subject: str, transitions: Iterable[Transition], *, initial: str, final: Iterable[str]) -> None:
        self.subject = subject
        self.transitions = tuple(transitions)
        self.initial = initial
        self.final = frozenset(final)
        self._steps = {(t.name, t.source): t for t in self.transitions}
        if len(self._steps) != len(self.transitions):
            raise ValueError(f"{subject}: two transitions share a name and a source state")

    @property
    def states(self) -> frozenset[str]:
        ends = {t.source for t in self.transitions} | {t.target for t in self.transitions}
        return frozenset(ends | {self.initial})

    def check(self, name: str, state: str) -> str:
        """The state that step ``name`` leads to from ``state``. Raises InvalidTransition, naming what is possible."""
        step = self._steps.get((name, state))
        if step is None:
            possible = sorted({t.name for t in self.transitions if t.source == state})
            raise InvalidTransition(
                f"A {self.subject} that is {state} can't {name.replace('_', ' ')}; "
                + (f"possible now: {', '.join(possible)}." if possible else "it has reached its end."),
                data={"state": state, "possible": possible},
            )
        return step.target

    def available(self, state: str, actor: str) -> list[str]:
        """Names of the steps that ``actor`` may try from ``state``, sorted."""
        return sorted({t.name for t in self.transitions if t.source == state and actor in t.actors})

    def unreachable(self) -> frozenset[str]:
        """States that no path from the initial state reaches: must be empty."""
        seen, todo = {self.initial}, [self.initial]
        while todo:
            here = todo.pop()
            for step in self.transitions:
                if step.source == here and step.target not in seen:
                    seen.add(step.target)
                    todo.append(step.target)
        return self.states - seen

    def dead_ends(self) -> frozenset[str]:
        """States without a way out that are not declared final: must be empty."""
        return self.states - {t.source for t in self.transitions} - self.final
