"""The weights of a model in someone else's layout: every rule of `imported` read backwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...compiler.ops.base import Array, np
from ...diagnostics import error
from ...diagnostics.suggest import suggestion
from ...grammar.name_patterns import fill, match, matches
from .findings import folded
from .layouts import Layout, Rule, layouts, named
from .matching import Model, filled
from .writing import KINDS, Form, write


@dataclass(frozen=True, slots=True)
class Source:
    """What one tensor of theirs is made of: a rule, our names in it (one set for each slice of a stacked one), which of
    the rule's names on their side it is. Without a rule it is zero."""

    form: Form
    rule: Rule | None = None
    ours: tuple[tuple[str, ...], ...] = ()
    position: int = 0


@dataclass(slots=True)
class Plan:
    """Tensors of theirs by name, our names that have no place there, and ours that must be zero, as they have none."""

    layout: Layout
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    homeless: list[str] = field(default_factory=list[str])
    must_be_zero: list[str] = field(default_factory=list[str])


def export(stored: Mapping[str, Array], model: Model, layout: str, out: Path) -> Layout:
    """Writes `out` (.safetensors or .npz) and tells in which layout; of a family in the only one that has a place for
    every tensor (V0708, V0711)."""
    candidates = named(layout) if layout != "auto" else []
    if not candidates:
        raise error("V0708", f"there is no layout `{layout}` to write", help=suggestion(layout, layouts()))
    plans = sorted((plan(one, model) for one in candidates), key=lambda p: len(p.homeless))
    fitting = [one for one in plans if not one.homeless]
    if not fitting:
        raise error("V0711", f"layout {plans[0].layout.name} does not suit this model: {folded(plans[0].homeless)}")
    if len(fitting) > 1:
        names = ", ".join(one.layout.name for one in fitting)
        raise error("V0708", f"the weights can be written in several layouts: {names}",
                    help="choose one with --layout")  # fmt: skip
    chosen = fitting[0]
    wrong = [name for name in chosen.must_be_zero if np.any(stored[name])]
    if wrong:
        raise error("V0710", f"layout {chosen.layout.name} has no place for {folded(wrong)}, and they are not zero")  # fmt: skip
    forms = {name: source.form for name, source in chosen.sources.items()}
    write(out, forms, lambda name: _made(stored, chosen.sources[name], model))
    return chosen.layout


def plan(layout: Layout, model: Model) -> Plan:
    """Where each of our tensors goes."""
    made = Plan(
        layout, homeless=[f"{name} (the model lacks it)" for name in layout.requires if name not in model.specs]
    )
    stacks: dict[str, list[tuple[int, Rule, tuple[str, ...], int]]] = {}
    for name in model.specs:
        found = next(filled(layout, name, model.specs), None)
        if found is None:
            (made.must_be_zero if matches(layout.zeros, name) else made.homeless).append(name)
            continue
        rule, ours, holes = found
        for position, pattern in enumerate(rule.theirs):
            theirs = ("" if rule.top else layout.prefixes[0]) + fill(pattern.removesuffix("[i]"), holes)
            index = int(holes["i"]) if pattern.endswith("[i]") else 0
            entry = (index, rule, ours, position)
            if entry not in stacks.setdefault(theirs, []):
                stacks[theirs].append(entry)
    for theirs, entries in stacks.items():
        entries.sort(key=lambda entry: entry[0])
        _, rule, _, position = entries[0]
        ours = tuple(entry[2] for entry in entries)
        try:
            made.sources[theirs] = Source(_form(rule, ours, position, model), rule, ours, position)
        except ValueError as problem:  # an axis that only a parameter of the model can split
            made.homeless.append(f"{ours[0][0]} ({problem})")
    _zeros(made, model)
    return made


def _zeros(made: Plan, model: Model) -> None:
    """Theirs that we have no tensor for, in the shape of another of ours."""
    for pattern, like in made.layout.their_zeros.items():
        for name, spec in model.specs.items():
            holes = match(like, name)
            if holes is not None:
                theirs = made.layout.prefixes[0] + fill(pattern, holes)
                made.sources.setdefault(theirs, Source(Form(spec.shape)))


def _form(rule: Rule, ours: tuple[tuple[str, ...], ...], position: int, model: Model) -> Form:
    """The form of one of their tensors of a rule."""
    specs = [model.specs[name] for name in ours[0]]
    kind = KINDS[specs[0].dtype]
    shape = specs[position if rule.fold else 0].shape
    if rule.fold:
        return Form((shape[0], shape[1] + position, *shape[2:]), kind)
    if len(specs) > 1:
        shape = (sum(spec.shape[0] for spec in specs), *shape[1:])
    if len(rule.theirs) > 1:
        shape = (shape[0] // len(rule.theirs), *shape[1:])
    if rule.axes is not None:
        shape = rule.axes.their_shape(shape, model.numbers)
    return Form((len(ours), *shape) if _stacked(rule) else shape, kind)


def _stacked(rule: Rule) -> bool:
    return any(name.endswith("[i]") for name in rule.theirs)


def _made(stored: Mapping[str, Array], source: Source, model: Model) -> Array:
    if source.rule is None:
        return np.zeros(source.form.shape, np.float32)
    if source.rule.fold:
        return _unfolded(stored[source.ours[0][source.position]], source.position)
    slices = [_slice(stored, source.rule, ours, source.position, model) for ours in source.ours]
    return np.stack(slices) if _stacked(source.rule) else slices[0]


def _unfolded(array: Array, position: int) -> Array:
    """The token as it is; positions with one for the token that changes nothing: adding -0.0 keeps every bit."""
    return np.concatenate([np.full_like(array[:, :1], -0.0), array], axis=1) if position else array


def _slice(stored: Mapping[str, Array], rule: Rule, ours: tuple[str, ...], position: int, model: Model) -> Array:
    parts = [stored[name] for name in ours]
    whole = np.concatenate(parts) if len(parts) > 1 else parts[0]
    part = np.split(whole, len(rule.theirs))[position] if len(rule.theirs) > 1 else whole
    return part if rule.axes is None else rule.axes.to_theirs(part, model.numbers)
