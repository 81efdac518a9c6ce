"""The weights of a model out of a file in anyone's layout, each tensor read when asked for."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...compiler.ops.base import Array, np
from ...grammar.diagnostics import Diagnostic, VitError, error
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from .files import Stored
from .findings import folded, refused
from .imported_plan import Bound, Choices, Model, Plan, plan
from .layouts import layouts, named


class Imported(Mapping[str, Array]):
    """Tensors of ours by name, float32, made of those in the file; `initial` gives those that start anew."""

    def __init__(self, stored: Stored, plan: Plan, model: Model, initial: Mapping[str, Array]) -> None:
        self.stored, self.plan, self.model, self.initial = stored, plan, model, initial

    def __getitem__(self, name: str) -> Array:
        spec = self.model.specs[name]
        if name in self.plan.zeros:
            return np.zeros(spec.shape, np.float32)
        if name not in self.plan.bound:
            return self.initial[name]
        array = made(self.stored, self.plan.bound[name], name, self.model)
        return np.ascontiguousarray(self.plan.changes.get(name, _same)(array))

    def __iter__(self) -> Iterator[str]:
        return iter(self.model.specs)

    def __len__(self) -> int:
        return len(self.model.specs)


def _same(array: Array) -> Array:
    return array


def made(stored: Stored, bound: Bound, name: str, model: Model) -> Array:
    """One of our tensors of a rule from theirs."""
    parts = [stored[t] if bound.index is None else stored.part(t, bound.index) for t in bound.theirs]
    shape = model.specs[name].shape
    if (change := bound.rule.axes) is not None:
        known = change.known(shape, model.numbers)
        parts = [change.from_theirs(part, {k: v for k, v in known.items() if k in model.numbers or len(parts) == 1})
                 for part in parts]  # fmt: skip
    if bound.rule.fold:
        token, positions = parts
        return token + positions[:, :1] if bound.ours[0] == name else positions[:, 1:]
    whole = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if len(bound.ours) == 1:
        return whole
    before = sum(model.specs[n].shape[0] for n in bound.ours[: bound.ours.index(name)])
    return whole[before : before + shape[0]]


def read(path: Path, model: Model, initial: Mapping[str, Array], layout: str = "timm", choices: Choices | None = None,
         span: Span | None = None) -> Imported:  # fmt: skip
    """The weights of a model from a file; every tensor that is missing, not expected, or of another shape or type is
    named (V0703 to V0706), unless `choices` speak of it. `span` is where the spec names the file."""
    if not os.path.isfile(path):  # false, too, where the system refuses to look
        raise error("V0701", f"there is no file of weights `{path}`", span, exit_status=3)
    stored, choices = Stored(path), choices or Choices()
    chosen = _chosen(path, stored, model, layout, choices)
    if chosen.findings:
        raise refused(path, chosen.findings)
    _zero(path, stored, chosen)
    return Imported(stored, chosen, model, initial)


def _chosen(path: Path, stored: Stored, model: Model, layout: str, choices: Choices) -> Plan:
    """By name; of a family, or of all for `auto`, the only one that fits. Else the nearest, with what is wrong."""
    candidates = named(layout)
    if not candidates:
        known = ["auto", *layouts(), *{one.family for one in layouts().values()}]
        raise error("V0708", f"there is no layout `{layout}`", exit_status=2, help=suggestion(layout, known))
    candidates = [one for one in candidates if all(name in model.specs for name in one.requires)] or candidates
    plans = sorted((plan(one, stored.headers, model, choices) for one in candidates), key=lambda p: p.problems)
    fitting = [one for one in plans if not one.findings]
    if len({_key(one) for one in fitting}) > 1:
        names = ", ".join(one.layout.name for one in fitting)
        raise error("V0708", f"`{path}` fits several layouts: {names}", exit_status=2, help="choose one with --layout")
    if layout == "auto" and not fitting:
        nearest = plans[0]
        raise VitError((*refused(path, nearest.findings).diagnostics,
                        Diagnostic("V0708", f"no layout fits `{path}`; the nearest is {nearest.layout.name}")), 3)  # fmt: skip
    return plans[0]


def _key(one: Plan) -> tuple[object, ...]:
    """Two layouts that read the same tensors in the same way are no ambiguity."""
    return tuple((name, b.theirs, b.index, b.rule.axes, b.rule.fold) for name, b in one.bound.items())


def _zero(path: Path, stored: Stored, plan: Plan) -> None:
    """What this model has no place for must not matter."""
    wrong = [name for name in plan.must_be_zero if np.any(stored[name])]
    if wrong:
        raise error(
            "V0710", f"`{path}`: this model has no place for {folded(wrong)}, and they are not zero", exit_status=3
        )
