"""The section `init`: initialisers by the names of weights, over those that the blocks give."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...grammar import tree
from ...grammar.diagnostics import Diagnostic, Findings, VitError
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from ..ir.program import Child, Init, Layer, Table, WeightSpec, walk_weights
from .builtins.weights import initialiser
from .library import Module
from .sheets import Sheet

Chosen = dict[str, WeightSpec]
_NAME = re.compile(r"\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True, slots=True)
class _Line:
    """`name = value` of the section: the name of a weight or a pattern of such names, and its place."""

    name: str
    span: Span
    value: tree.Expr


def apply(layer: Layer, sheet: Sheet, module: Module, settings: Iterable[tree.Entry] = ()) -> Layer:
    """The tree with the initialisers of the file's `init` sections: those for all models, those for this one, then
    `settings`, the entries of the command line."""
    chosen, findings = Chosen(), Findings()
    mine = [
        s for s in module.sections if s.kind.id == "init" and (s.model is None or s.model.id == sheet.model.name.id)
    ]
    ordered = sorted(mine, key=lambda s: s.model is not None)
    lines = list(_lines([*(entry for section in ordered for entry in section.entries), *settings], ""))
    weights = dict(walk_weights(layer)) if lines else {}
    for line in lines:
        try:
            chosen |= _matched(line, weights, sheet, module)
        except VitError as problem:
            findings.add(*problem.diagnostics)
    findings.raise_if_any()
    return _rebuilt(layer, chosen, {}) if chosen else layer


def _lines(entries: Iterable[tree.Entry], above: str) -> Iterator[_Line]:
    """The lines that entries are; `head.weight = v` and `head { weight = v }` name the same."""
    for entry in entries:
        if isinstance(entry, tree.Amend):
            yield from _lines(entry.entries, f"{above}{entry.name.id}.")
        elif isinstance(entry, tree.Bind):
            yield _Line(f"{above}{entry.name.id}", entry.name.span, entry.value)
        elif isinstance(entry, tree.PatternBind):
            yield _Line(f"{above}{entry.pattern.value}", entry.pattern.span, entry.value)


def _matched(line: _Line, weights: Mapping[str, WeightSpec], sheet: Sheet, module: Module) -> Chosen:
    """The weights that one line names, with what it gives them."""
    from .expressions import evaluate

    pattern = compiled(line.name, line.span)
    found = Chosen()
    for path, spec in weights.items():
        match = pattern.fullmatch(path)
        if match is not None:
            scope = sheet.scope(module).with_locals({k: int(v) for k, v in match.groupdict().items()})
            sheet.context.step(line.span)
            init: Init = initialiser(
                scope, evaluate(line.value, scope), spec.shape, line.value.span, trainable=spec.trainable
            )
            found[path] = replace(spec, init=init, chosen=True)
    if not found:
        problem = f"no weight of `{sheet.model.name.id}` is called `{line.name}`"
        help = suggestion(line.name, weights)
        raise VitError((Diagnostic("V0607", problem, line.span, help=help),))
    return found


def compiled(text: str, span: Span) -> re.Pattern[str]:
    """A name pattern as an expression: `{i}` stands for a number, everything else for itself; fails with V0607."""
    pieces = _NAME.split(text)
    names = pieces[1::2]
    if any("{" in piece or "}" in piece for piece in pieces[::2]) or len(set(names)) < len(names) or len(text) > 200:
        raise VitError((Diagnostic("V0607", f"`{text}` is no pattern of weight names", span,
                                   help="each {name} stands for one number: blocks.{i}.attn.proj.weight"),))  # fmt: skip
    return re.compile("".join(f"(?P<{p}>[0-9]+)" if i % 2 else re.escape(p) for i, p in enumerate(pieces)))


def _rebuilt(layer: Layer, chosen: Chosen, done: dict[Any, Layer]) -> Layer:
    """The layer with other initialisers; layers that get the same stay one object."""
    if not chosen:
        return layer
    at = (layer, tuple((name, _key(spec.init)) for name, spec in chosen.items()))
    if at not in done:
        weights = {name: chosen.get(name, spec) for name, spec in layer.weights.items()}
        children = {name: _child(child, _below(name, chosen), done) for name, child in layer.children.items()}
        done[at] = replace(layer, weights=weights, children=children)
    return done[at]


def _child(child: Child, chosen: Chosen, done: dict[Any, Layer]) -> Child:
    if isinstance(child, tuple):
        return tuple(_child(member, _below(str(i), chosen), done) for i, member in enumerate(child))
    return None if child is None else _rebuilt(child, chosen, done)


def _below(name: str, chosen: Chosen) -> Chosen:
    return {path.removeprefix(f"{name}."): spec for path, spec in chosen.items() if path.startswith(f"{name}.")}


def _key(init: Init) -> Any:
    return id(init) if isinstance(init, Table) else init
