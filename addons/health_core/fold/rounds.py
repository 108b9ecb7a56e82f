"""Splitting a batch of commands into few rounds that keep the order where it matters.

Commands of one kind are cheapest together, but a merge between two updates of
one patient must stay between them. Commands are therefore joined into
components that share a key (patient, visit, transaction); inside a component
the order of arrival holds, across components it does not matter.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby


def rounds(
    steps: list,
    folded: frozenset,
    keys_of: Callable[[list], Iterable[Iterable]],
) -> Iterator[tuple[str, list]]:
    """Yield ``(kind, steps)`` until all are given, each batch of one class of kinds.

    :param steps: objects with ``.command.kind``, oldest first
    :param folded: kinds that form one class, named by its first member present
    :param keys_of: returns, for a list of steps, the keys of each that bind it to others;
        called only when the batch holds more than one class
    """

    def class_of(step):
        kind = step.command.kind
        return "" if kind in folded else kind

    classes = {class_of(step) for step in steps}
    if len(classes) <= 1:
        if steps:
            yield steps[0].command.kind, steps
        return

    pending = [
        [(name, [index for index, _kind in run]) for name, run in groupby(component, key=lambda pair: pair[1])]
        for component in _components(steps, keys_of(steps), class_of)
    ]
    while pending:
        name = max(pending, key=len)[0][0]
        batch = []
        for runs in pending:
            if runs[0][0] == name:
                batch.extend(runs.pop(0)[1])
        pending = [runs for runs in pending if runs]
        chosen = [steps[index] for index in sorted(batch)]
        yield chosen[0].command.kind, chosen


def _components(steps, keys, class_of) -> list[list[tuple[int, str]]]:
    """Return lists of ``(index, class)`` joined by shared keys, each in order of arrival."""
    parent = list(range(len(steps)))

    def root(node):
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    first = {}
    for index, step_keys in enumerate(keys):
        for key in step_keys:
            other = first.setdefault(key, index)
            if other != index:
                parent[root(index)] = root(other)
    components: dict[int, list] = {}
    for index, step in enumerate(steps):
        components.setdefault(root(index), []).append((index, class_of(step)))
    return list(components.values())
