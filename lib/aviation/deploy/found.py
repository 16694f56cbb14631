"""What a check of a deployed stack found, and the stack that is checked."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from aviation.deploy import change_sets, states
from aviation.errors import StackError

OK, NOT, NOT_YET, UNTOLD = "ok", "NOT", "not yet", "cannot be told"
WORST_FIRST = (NOT, UNTOLD, NOT_YET, OK)


class Found(NamedTuple):
    """What a check found: OK, NOT, NOT_YET or UNTOLD, and in words."""

    verdict: str
    words: str


@dataclass(frozen=True)
class Deployed:
    """A deployed stack: `resources` are types and physical ids by logical id, `parameters` the template's."""

    name: str

    @cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Asked once."""
        return states.resources(self.name)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Asked once."""
        return change_sets.as_it_is(self.name)[1]

    def named(self, logical: str) -> str:
        """The physical id of a resource. StackError where the stack lacks it."""
        if logical not in self.resources:
            raise StackError(f"the stack '{self.name}' has no {logical}: run 'aviation deploy' to its end first")
        return self.resources[logical][1]

    def of_type(self, kind: str) -> list[str]:
        """The physical ids of all resources of a type."""
        return [name for found, name in self.resources.values() if found == kind]
