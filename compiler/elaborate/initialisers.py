"""The section `init`: initialisers by the names of weights, over those that the blocks give."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...diagnostics import Diagnostic, Findings, VitError
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from ...grammar.name_patterns import holes_of, match, well_formed
from ..ir.program import Init, Layer, Table, WeightSpec, mapped, walk_weights
from .builtins.distributions import initialiser
from .entries import leaves
from .library import Module
from .sheets import Sheet

Chosen = dict[str, WeightSpec]
#: Characters of a pattern.
_LONGEST = 200
_HELP = "each {name} stands for one number, {p} for weight or bias, {*} for any text: blocks.{i}.attn.{*}"


@dataclass(frozen=True, slots=True)
class _Line:
    """`name = value` of the section: the name of a weight or a pattern of such names, its place, and the file it is in.
    `inherited`: it was written for a model below, whose weights a nearer sheet may have taken away."""

    name: str
    span: Span
    value: tree.Expr
    module: Module
    inherited: bool


def apply(layer: Layer, sheet: Sheet, module: Module, settings: Sequence[tree.Entry] = ()) -> Layer:
    """The tree with the initialisers of the `init` sections, from the model at the bottom up to this one: of each file those
    for all its models, then those for one; then `settings`, the entries of the command line."""
    chosen, findings = Chosen(), Findings()
    lines = [*_sections(sheet, module), *_lines(settings, module, inherited=False)]
    weights = dict(walk_weights(layer)) if lines else {}
    for line in lines:
        try:
            chosen |= _matched(line, weights, sheet)
        except VitError as problem:
            findings.add(*problem.diagnostics)
    findings.raise_if_any()
    return _rebuilt(layer, chosen, {}) if chosen else layer


def _sections(sheet: Sheet, module: Module) -> Iterator[_Line]:
    """The lines of the sections for a model and for those it inherits from, the farthest first."""
    seen: set[Module] = set()
    for model, owner in reversed(sheet.models):
        found = [section for section in owner.sections if section.kind.id == "init"]
        if owner not in seen:  # those for all models of a file come once, below those for one
            seen.add(owner)
            for section in (section for section in found if section.model is None):
                yield from _lines(section.entries, owner, inherited=owner is not module)
        for section in (section for section in found if section.model and section.model.id == model.name.id):
            yield from _lines(section.entries, owner, inherited=model is not sheet.model)


def _lines(entries: Sequence[tree.Entry], module: Module, *, inherited: bool) -> Iterator[_Line]:
    """The lines that entries are."""
    for leaf in leaves(entries):
        if leaf.value is not None:
            yield _Line(leaf.text, leaf.span, leaf.value, module, inherited)


def _matched(line: _Line, weights: Mapping[str, WeightSpec], sheet: Sheet) -> Chosen:
    """The weights that one line names, with what it gives them. `{*}` reaches no state: running statistics and the like."""
    if len(line.name) > _LONGEST or not well_formed(line.name):
        raise VitError((Diagnostic("V0607", f"`{line.name}` is no pattern of weight names", line.span, help=_HELP),))
    numbers = holes_of(line.name) - {"*", "p"}
    found = Chosen()
    for path, spec in weights.items():
        holes = match(line.name, path)
        if holes is not None and (spec.trainable or "{*}" not in line.name):
            scope = sheet.scope(line.module).with_locals({name: int(holes[name]) for name in numbers})
            sheet.context.step(line.span)
            init: Init = initialiser(
                scope, scope.evaluate(line.value), spec.shape, line.value.span, trainable=spec.trainable
            )
            found[path] = replace(spec, init=init, chosen=True)
    if not found and not line.inherited:
        problem = f"no weight of `{sheet.model.name.id}` is called `{line.name}`"
        help = suggestion(line.name, weights)
        raise VitError((Diagnostic("V0607", problem, line.span, help=help),))
    return found


def _rebuilt(layer: Layer, chosen: Chosen, done: dict[Hashable, Layer]) -> Layer:
    """The layer with other initialisers; layers that get the same stay one object."""
    if not chosen:
        return layer
    at = (layer, tuple((name, _key(spec.init)) for name, spec in chosen.items()))
    if at not in done:
        weights = {name: chosen.get(name, spec) for name, spec in layer.weights.items()}

        def change(inner: Layer, path: str) -> Layer:
            return _rebuilt(inner, _below(path, chosen), done)

        children = {name: mapped(child, change, name) for name, child in layer.children.items()}
        done[at] = replace(layer, weights=weights, children=children)
    return done[at]


def _below(name: str, chosen: Chosen) -> Chosen:
    return {path.removeprefix(f"{name}."): spec for path, spec in chosen.items() if path.startswith(f"{name}.")}


def _key(init: Init) -> Hashable:
    return id(init) if isinstance(init, Table) else init
