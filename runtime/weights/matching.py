"""Which tensors of a file are which of a model, by a layout: names, shapes and types, before a number is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...compiler.ir.program import Program, WeightSpec, walk_weights
from ...grammar.name_patterns import fill, match, matches
from .files import FLOATS, Header
from .layouts import Layout, Rule
from .resize_rules import Change, Resizes

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """What a model wants: its tensors, its numbers by name (`heads`, which some layouts need; `image`, `patch`), and the
    further names of weights that stand in shared layers, each with the first."""

    specs: Mapping[str, WeightSpec]
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])

    @staticmethod
    def of(program: Program) -> "Model":
        """What the model of a program wants."""
        names = (name for name, _ in walk_weights(program.root)) if program.aliases else ()
        aliases = {name: first for name in names if (first := program.canonical(name)) != name}
        return Model(program.weights(), program.root.params, aliases)

    @property
    def named(self) -> Mapping[str, WeightSpec]:
        """The tensors by all their names."""
        if not self.aliases:  # asked for every tensor: most models share no layer
            return self.specs
        return {**self.specs, **{name: self.specs[first] for name, first in self.aliases.items()}}

    @property
    def numbers(self) -> dict[str, int]:
        """The parameters that are whole numbers; a layout calls them by their name, other axes by one letter."""
        return {k: v for k, v in self.params.items() if isinstance(v, int) and not isinstance(v, bool) and len(k) > 1}


@dataclass(frozen=True, slots=True)
class Choices:
    """What a spec says of its weights: patterns of names, and in which part of the file they are; see the section `weights`."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    resize: Resizes = ()
    part: str | None = None

    def taken(self, name: str) -> bool:
        """Whether one of our tensors comes from the file; the others are drawn."""
        return not (self.only and not matches(self.only, name)) and not matches(self.skip, name)


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule with its holes filled: our names and which of them is meant, theirs as they stand in the file, the slice of a
    stacked tensor."""

    rule: Rule
    ours: tuple[str, ...]
    position: int
    theirs: tuple[str, ...]
    index: int | None = None


@dataclass(slots=True)
class Plan:
    """What becomes of each tensor of both sides.

    `bound` and `zeros` are ours by name, `again` the same weight under a further name, `drawn` ours that start anew,
    `must_be_zero` and `left_out` theirs; `findings` are problems by kind, each a list of lines, which begin with a name.
    """

    layout: Layout
    bound: dict[str, Bound] = field(default_factory=dict[str, Bound])
    again: list[tuple[str, Bound]] = field(default_factory=list[tuple[str, Bound]])
    changes: dict[str, Change] = field(default_factory=dict[str, Change])
    zeros: list[str] = field(default_factory=list[str])
    drawn: list[str] = field(default_factory=list[str])
    must_be_zero: list[str] = field(default_factory=list[str])
    left_out: list[str] = field(default_factory=list[str])
    findings: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def say(self, kind: str, line: str) -> None:
        """Adds a problem."""
        self.findings.setdefault(kind, []).append(line)

    @property
    def problems(self) -> int:
        """How many there are."""
        return sum(map(len, self.findings.values()))


def plan(layout: Layout, headers: Mapping[str, Header], model: Model, choices: Choices, prefix: str = "") -> Plan:
    """Every tensor of ours with where it comes from, every one of theirs with where it goes; `prefix` is what stands in the
    file before their names."""
    made, actual, specs = Plan(layout), spelled(layout, headers), model.named
    # tensors of the file that a second name of a shared weight takes, so that they are not left over
    used: set[str] = set()
    others: dict[str, list[Bound]] = {}
    for name, first in model.aliases.items():
        for found in _bindings(layout, name, actual, specs):
            others.setdefault(first, []).append(found)
            used |= set(found.theirs)
            break
    for name in model.specs:
        again = others.get(name, [])
        found = next(_bindings(layout, name, actual, specs), None)
        if found is None and again:
            found, *again = again
        if found is not None:
            used |= set(found.theirs)
        if not choices.taken(name):
            made.drawn.append(name)
        elif found is not None:
            made.bound[name] = found
            made.again += [(name, other) for other in again]
            _fitting(made, name, found, headers, model, choices)
        elif matches(layout.zeros, name):
            made.zeros.append(name)
        else:
            made.say("missing", _absent(layout, name, actual))
    if not choices.only:
        rest = [name for name, one in headers.items() if name not in used and 0 not in one.shape]
        _extra(made, rest, actual, choices, prefix)
    return made


def spelled(layout: Layout, names: Mapping[str, Header]) -> dict[str, str]:
    """The names of a file by those that the layout has for them: without prefix and in its spelling (`top` with a `/`)."""
    prefix = max(
        layout.prefixes, key=lambda p: sum(_there(p + theirs, names) for r in layout.tensors for theirs in r.theirs)
    )
    found: dict[str, str] = {}
    for name in names:
        inner = _canonical(layout, name.removeprefix(prefix)) if name.startswith(prefix) else None
        if inner is not None:
            found.setdefault(inner, name)
        if any(match(t, name) is not None for rule in layout.top for t in rule.theirs):
            found["/" + name] = name
    return found


def _there(pattern: str, names: Mapping[str, Header]) -> bool:
    """Whether a file has such a name, of block 0 where it is one of many."""
    if pattern.endswith("{*}"):
        return any(name.startswith(pattern.removesuffix("{*}")) for name in names)
    return fill(pattern.removesuffix("[i]"), {"i": "0", "p": "weight"}) in names


def _canonical(layout: Layout, name: str) -> str:
    for alias, usual in layout.aliases.items():
        holes = match(alias, name)
        if holes is not None:
            return fill(usual, holes)
    return name


def filled(
    layout: Layout, name: str, specs: Mapping[str, WeightSpec]
) -> Iterator[tuple[Rule, tuple[str, ...], dict[str, str]]]:
    """The rules that speak of one of our names, with all of our names in it and what fills the holes."""
    for rule in layout.rules:
        for pattern in rule.ours:
            holes = match(pattern, name)
            if holes is None:
                continue
            ours = tuple(fill(other, holes) for other in rule.ours)
            if all(other in specs for other in ours) and _gated(rule, holes, specs):
                yield rule, ours, holes


def _gated(rule: Rule, holes: Mapping[str, str], specs: Mapping[str, WeightSpec]) -> bool:
    if not rule.gated:
        return True
    into, out = (specs.get(fill(pattern, holes)) for pattern in rule.gated)
    return into is not None and out is not None and into.shape[0] == 2 * out.shape[-1]


def _bindings(layout: Layout, name: str, actual: Mapping[str, str], specs: Mapping[str, WeightSpec]) -> Iterator[Bound]:
    for rule, ours, holes in filled(layout, name, specs):
        theirs = _theirs(rule, holes)
        if all(other in actual for other in theirs):
            yield Bound(rule, ours, ours.index(name), tuple(actual[other] for other in theirs), _index(rule, holes))


def _theirs(rule: Rule, holes: Mapping[str, str]) -> list[str]:
    return [("/" if rule.top else "") + fill(pattern.removesuffix("[i]"), holes) for pattern in rule.theirs]


def _index(rule: Rule, holes: Mapping[str, str]) -> int | None:
    return int(holes["i"]) if any(pattern.endswith("[i]") for pattern in rule.theirs) else None


def _absent(layout: Layout, name: str, actual: Mapping[str, str]) -> str:
    """Our name, and those of theirs that were looked for."""
    for rule in layout.rules:
        for pattern in rule.ours:
            holes = match(pattern, name)
            if holes is not None:
                lacking = [t.removeprefix("/") for t in _theirs(rule, holes) if t not in actual]
                return name if lacking == [name] else f"{name} (theirs: {', '.join(lacking)})"
    return f"{name} (this layout has no name for it)"


def _extra(made: Plan, rest: list[str], actual: Mapping[str, str], choices: Choices, prefix: str) -> None:
    """Tensors of the file that no rule took."""
    canonical = {real: inner for inner, real in actual.items()}
    for name in rest:
        inner = canonical.get(name, name)
        if matches((*made.layout.left_out, *choices.skip), name) or matches(choices.skip, prefix + name):
            made.left_out.append(name)
        elif matches(made.layout.their_zeros, inner):
            made.must_be_zero.append(name)
        else:
            made.say("not expected", name)


def _fitting(
    made: Plan, name: str, bound: Bound, headers: Mapping[str, Header], model: Model, choices: Choices
) -> None:
    spec = model.specs[name]
    wrong = [f"{t} is {headers[t].dtype}" for t in bound.theirs if not fits(headers[t].dtype, spec)]
    if wrong:
        made.say("of another type", wrong[0])
        return
    ours = f"{name} {list(spec.shape)}"
    theirs = " + ".join(f"{'' if t == name else t + ' '}{list(headers[t].shape)}" for t in bound.theirs)
    try:
        shape = shapes(bound, headers, model)[bound.position]
    except ValueError as problem:
        made.say("of another shape", f"{ours} (theirs: {theirs}; {problem})")
        return
    if shape == spec.shape:
        return
    entry = next((one for one in choices.resize if match(one.pattern, name) is not None), None)
    if entry is None:
        made.say("of another shape", f"{ours} (theirs: {theirs})")
        return
    try:
        made.changes[name] = entry.change(shape, spec.shape, model.params, made.layout.extra_rows)
    except ValueError as problem:
        made.say("that can't be resized", f"{name}, {list(shape)} to {list(spec.shape)}: {problem}")


def fits(dtype: str, spec: WeightSpec) -> bool:
    """Whether an element type of a file can become that of a tensor."""
    return dtype in (FLOATS if spec.dtype == "float" else ("I64", "BOOL"))


def known(bound: Bound, model: Model) -> dict[str, int]:
    """The sizes that the model gives to names of the rule's axes: what a joined axis of theirs is split by."""
    if bound.rule.axes is None or len(bound.ours) != 1:
        return {}
    found = bound.rule.axes.known(model.named[bound.ours[0]].shape, model.numbers)
    # several of theirs are parts of our one axis, so that only the numbers of the model tell something about each
    return {k: v for k, v in found.items() if k in model.numbers or len(bound.theirs) == 1}


def shapes(bound: Bound, headers: Mapping[str, Header], model: Model) -> list[Shape]:
    """The shapes of our tensors as the file gives them; raises ValueError where theirs do not go together."""
    wanted = [model.named[name].shape for name in bound.ours]
    parts = _brought(bound, [headers[name].shape for name in bound.theirs], model)
    if bound.rule.fold:
        return _unfolded(*parts)
    if len(parts) > 1 and any(not part or part[1:] != parts[0][1:] for part in parts):
        raise ValueError("they do not go together")
    if len(parts) == len(wanted) == 1:
        return parts
    rows, rest = sum(part[0] for part in parts), parts[0][1:]
    if len(wanted) == 1:
        return [(rows, *rest)]
    if rows != sum(shape[0] for shape in wanted):
        raise ValueError(f"{rows} rows for {' + '.join(str(shape[0]) for shape in wanted)}")
    return [(shape[0], *rest) for shape in wanted]


def _brought(bound: Bound, parts: list[Shape], model: Model) -> list[Shape]:
    """The shapes of theirs once the slice is taken and the axes are ours."""
    if bound.index is not None:
        if any(not part or part[0] <= bound.index for part in parts):
            raise ValueError(f"there is no slice {bound.index}")
        parts = [part[1:] for part in parts]
    if bound.rule.axes is not None:
        sizes = known(bound, model)
        parts = [bound.rule.axes.our_shape(part, sizes) for part in parts]
    return parts


def _unfolded(token: Shape, positions: Shape) -> list[Shape]:
    """A token, and positions without the first, which is the token's."""
    if len(positions) < 2:
        raise ValueError("positions have at least two axes")
    return [token, (positions[0], positions[1] - 1, *positions[2:])]
