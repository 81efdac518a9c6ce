"""The way of one image through the model: every tensor in the order of the text, under the names that the text gives.

It follows the bodies as they were written, before any pass, so that scores, softmax and weighted sum stand apart. Left out
is what does nothing at inference (dropout), what depends on no image (numbers, tables, weights) and what nothing reads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from .. import ops
from ..ir.graph import Graph, Node, Value
from ..ir.program import Child, Layer, Program, join, member

#: Characters of a formula that are shown.
WIDTH = 60


@dataclass(frozen=True, slots=True)
class Step:
    """A tensor that is made. `name`: its layer, else its name in the text, else the function or op that makes it;
    `kind`: a block or an op; `text`: the formula; `steps`: what happens inside of a block; `times`: how many members of a
    list in a row do the same."""

    name: str
    kind: str
    text: str
    shapes: tuple[tuple[int, ...], ...]
    steps: tuple["Step", ...] = ()
    times: int = 1


def flow(program: Program) -> tuple[Step, ...]:
    """The steps of the model; the first is the image."""
    body = program.root.bodies[0]
    image = tuple(Step(value.name, "image", "", (value.type.shape,)) for value in body.inputs)
    return image + tuple(_steps(program.root, body, ""))


def _steps(layer: Layer, body: Graph, path: str) -> Iterator[Step]:
    """The steps of one body; the pieces of one formula (a `rearrange` is up to three ops) are one."""
    uses = body.uses()
    for node in filter(_shown, _read(body)):
        if node.is_call:
            yield from _call(layer, node, path)
        elif not _piece(node, uses):
            yield _op(node, path)


def _read(body: Graph) -> Iterator[Node]:
    """The nodes from which a result is made."""
    wanted, kept = set(body.outputs), list[Node]()
    for node in reversed(body.nodes):
        if not wanted.isdisjoint(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    yield from reversed(kept)


def _shown(node: Node) -> bool:
    if all(value.type.stage != "sample" for value in node.outputs):
        return False
    op = ops.of(node)
    return op is None or not (op.random or op.vanishes(node.attrs))


def _piece(node: Node, uses: Mapping[Value, list[Node]]) -> bool:
    """Whether only the formula that a node is part of reads what it makes."""
    readers = [reader for value in node.outputs for reader in uses.get(value, ())]
    place = (node.origin.span, node.origin.functions)
    same = all((r.origin.span, r.origin.functions) == place and not r.layer and not r.is_call for r in readers)
    return bool(readers) and same and not node.layer and not _named(node.outputs)


def _op(node: Node, path: str) -> Step:
    name = join(path, node.layer) if node.layer else _named(node.outputs) or (*node.origin.functions, node.op)[0]
    return Step(name, node.op, _formula(node), tuple(value.type.shape for value in node.outputs))


def _named(values: tuple[Value, ...]) -> str:
    return ", ".join(value.name for value in values if value.name)


def _formula(node: Node) -> str:
    """The text that makes it, in one line, with the function that it stands in."""
    text = " ".join(node.origin.span.text.split()) if node.origin.span else ""
    text = text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
    return ": ".join([*node.origin.functions, text])


def _call(layer: Layer, node: Node, path: str) -> Iterator[Step]:
    """A block, or the members of a list, equal neighbours as one."""
    steps = list(_members(member(layer, node.layer), node.attrs["variant"], join(path, node.layer), _formula(node)))
    for _, alike in groupby(steps, key=_signature):
        first, *others = alike
        yield replace(first, times=1 + len(others))


def _members(child: Child, variant: int | tuple[int, ...], path: str, text: str) -> Iterator[Step]:
    if isinstance(child, Layer):
        assert isinstance(variant, int)
        body = child.bodies[variant]
        shapes = tuple(value.type.shape for value in body.outputs)
        yield Step(path, child.kind, text, shapes, tuple(_steps(child, body, path)))
    elif isinstance(child, tuple):
        assert isinstance(variant, tuple)
        for index, (inner, which) in enumerate(zip(child, variant, strict=True)):
            yield from _members(inner, which, f"{path}.{index}", "")


def _signature(step: Step) -> object:
    """What two members of a list that do the same have in common: all but their names."""
    return (step.kind, step.shapes, tuple(map(_signature, step.steps)))
