"""The weights of a model out of a file in anyone's layout, each tensor read when asked for."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...compiler.ops.base import Array, np
from ...diagnostics import error
from ...diagnostics.source import Span
from .chosen import Found, chosen
from .files import Tensors
from .findings import folded
from .given import Given
from .initial import Initial
from .matching import Bound, Choices, Model, known
from .opening import opened
from .origin import Origin, sources
from .parts import groups
from .sound import refuse_infinite, refuse_unequal


class Matched(Mapping[str, Array]):
    """Tensors of ours by name, float32, made of those in the file; `initial` gives those that start anew."""

    def __init__(self, found: Found, model: Model, initial: Mapping[str, Array]) -> None:
        self.found, self.stored, self.plan, self.model, self.initial = found, found.whole, found.plan, model, initial

    def __getitem__(self, name: str) -> Array:
        spec = self.model.specs[name]
        if name in self.plan.zeros:
            return np.zeros(spec.shape, np.float32)
        if name not in self.plan.bound:
            return self.initial[name]
        array = made(self.found.tensors, self.plan.bound[name], name, self.model)
        return np.asarray(self.plan.changes.get(name, _same)(array), order="C")

    def __iter__(self) -> Iterator[str]:
        return iter(self.model.specs)

    def __len__(self) -> int:
        return len(self.model.specs)

    @property
    def origin(self) -> Origin:
        """Where they come from."""
        plan, files = self.plan, self.found.whole.files
        outside = {k: v for k, v in self.found.whole.headers.items() if k not in self.found.names}
        return Origin(
            kind="file" if files else "python",
            files=sources(files),
            layout=plan.layout.name,
            part=self.found.part,
            seed=self.initial.seed if plan.drawn and isinstance(self.initial, Initial) else None,
            drawn=plan.drawn,
            zeros=plan.zeros,
            resized=sorted(plan.changes),
            left_out=sorted([*plan.left_out, *plan.must_be_zero]),
            outside=groups(outside),
        )


def _same(array: Array) -> Array:
    return array


def made(stored: Tensors, bound: Bound, name: str, model: Model) -> Array:
    """One of our tensors of a rule from theirs."""
    parts = [stored[t] if bound.index is None else stored.part(t, bound.index) for t in bound.theirs]
    shape = model.specs[name].shape
    if (change := bound.rule.axes) is not None:
        sizes = known(bound, model)
        parts = [change.from_theirs(part, sizes) for part in parts]
    if bound.rule.fold:
        token, positions = parts
        return token + positions[:, :1] if bound.position == 0 else positions[:, 1:]
    whole = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if len(bound.ours) == 1:
        return whole
    specs = model.named
    before = sum(specs[n].shape[0] for n in bound.ours[: bound.position])
    return whole[before : before + shape[0]]


def read(path: Path, model: Model, initial: Mapping[str, Array], layout: str = "timm", choices: Choices | None = None,
         span: Span | None = None, *, trust: bool = False) -> Matched:  # fmt: skip
    """The weights of a model from a file or a folder.

    Raises for what can't be read (see `opened`); V0703 to V0706 for every tensor that is missing, not expected, or of
    another shape or type, unless `choices` speak of it; V0708 and V0716 where several layouts or parts fit; V0710, V0715
    and V0717 for the numbers. `span` is where the spec names the file.
    """
    return fitted(opened(path, trust=trust, span=span), model, initial, layout, choices or Choices(), span)


def taken(mapping: Mapping[Any, Any], model: Model, initial: Mapping[str, Array]) -> Matched:
    """Weights that Python code hands over, under our names; every one must be there. Raises as `read`, and V0719."""
    return fitted(Given(mapping), model, initial, "timm", Choices())


def fitted(tensors: Tensors, model: Model, initial: Mapping[str, Array], layout: str, choices: Choices,
           span: Span | None = None) -> Matched:  # fmt: skip
    """The weights of a model out of tensors that are opened already; raises as `read`."""
    found = chosen(tensors, model, layout, choices, span)
    _zero(found, span)
    weights = Matched(found, model, initial)
    for name, other in found.plan.again:
        refuse_unequal(tensors.label, (_called(found, found.plan.bound[name]), made(found.tensors, found.plan.bound[name], name, model)),
                       (_called(found, other), made(found.tensors, other, name, model)), span)  # fmt: skip
    refuse_infinite(found.tensors.label, weights, iter(found.plan.bound), found.plan.layout, initial, span)
    return weights


def _called(found: Found, bound: Bound) -> str:
    return found.prefix + bound.theirs[0]


def _zero(found: Found, span: Span | None) -> None:
    """What this model has no place for must not matter."""
    wrong = [name for name in found.plan.must_be_zero if np.any(found.tensors[name])]
    if wrong:
        raise error("V0710", f"{found.tensors.label} holds {folded(wrong)}, for which this model has no place, and they are not zero",
                    span)  # fmt: skip
