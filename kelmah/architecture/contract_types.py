"""Contract types that import-linter does not bring along."""

from graphlib import CycleError, TopologicalSorter

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AcyclicCalls(Contract):
    """Calls between domains form no cycle.

    A domain calls another when any of its modules imports the other's ``calls`` interface. Events do not count: they
    may flow against calls.
    """

    domains = fields.ModuleField()
    interfaces = fields.ModuleField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        root, shelf = str(self.domains), str(self.interfaces)
        calls: dict[str, set[str]] = {}
        for caller in graph.find_children(root):
            name = caller.rsplit(".", 1)[-1]
            for target in graph.find_children(shelf):
                other = target.rsplit(".", 1)[-1]
                expression = f"{caller}.** -> {target}.calls"
                if other != name and graph.find_matching_direct_imports(expression):
                    calls.setdefault(name, set()).add(other)
        try:
            TopologicalSorter(calls).prepare()
        except CycleError as error:
            return ContractCheck(kept=False, metadata={"cycle": error.args[1]})
        return ContractCheck(kept=True)

    def render_broken_contract(self, check: ContractCheck) -> None:
        cycle = " calls ".join(check.metadata["cycle"])
        output.print_error(f"{cycle}: turn one of these calls into an event that the other side publishes.")
