"""Which layout and which part of a file is meant: the one that fits. Where several do it is asked, never guessed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...diagnostics import Diagnostic, VitError, error
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from .files import Header, Part, Tensors
from .findings import refused
from .layouts import Layout, layouts, named
from .matching import Choices, Model, Plan, plan
from .parts import Endings, groups, prefixes

#: What `part` calls the names that stand at the top.
TOP = "."


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a file, the tensors in it, and what becomes of them by a layout."""

    whole: Tensors
    tensors: Part
    plan: Plan

    @property
    def prefix(self) -> str:
        """What stands before the names of the part."""
        return self.tensors.prefix

    @property
    def part(self) -> str | None:
        """The name of the part; none where names stand at the top."""
        return self.prefix.removesuffix(".") or None

    @property
    def names(self) -> set[str]:
        """The names of the part in the file."""
        return {self.prefix + name for name in self.tensors.headers}

    @property
    def fitting(self) -> str:
        """The part with how much of the model is in it."""
        bound, wanted = len(self.plan.bound), len(self.plan.bound) + len(self.plan.findings.get("missing", ()))
        wrong = sum(len(lines) for kind, lines in self.plan.findings.items() if kind not in ("missing", "not expected"))
        return f"{self.part or TOP} ({bound - wrong} of {wanted} tensors fit)"

    @property
    def theirs(self) -> set[str]:
        """The tensors of the file that become ours, by their whole names."""
        return {self.prefix + name for bound in self.plan.bound.values() for name in bound.theirs}

    @property
    def key(self) -> tuple[object, ...]:
        """Two ways to read the same tensors alike are no ambiguity."""
        return tuple((name, tuple(self.prefix + t for t in b.theirs), b.index, b.rule.axes, b.rule.fold)
                     for name, b in self.plan.bound.items())  # fmt: skip


def chosen(tensors: Tensors, model: Model, layout: str, choices: Choices, span: Span | None = None) -> Found:
    """The part and the layout that fit, of a family or of all for `auto` the only one.

    Raises V0703 to V0706 against the nearest where none does, V0708 where several layouts fit or there is none of that
    name, V0716 where several parts do or there is none of that name.
    """
    candidates = named(layout)
    if not candidates:
        known = ["auto", *layouts(), *{one.family for one in layouts().values()}]
        raise error("V0708", f"there is no layout `{layout}`", help=suggestion(layout, known))
    candidates = [one for one in candidates if all(name in model.specs for name in one.requires)] or candidates
    headers = _named_part(tensors, choices.part, span)
    ways = sorted(_ways(tensors, headers, model, candidates, choices), key=lambda way: way.plan.problems)
    fitting = {way.key: way for way in reversed(ways) if not way.plan.findings}
    if not fitting:
        raise _nearest(tensors, ways, layout, model.specs, span)
    parts = {way.part: way for way in fitting.values()}
    if len(parts) > 1:
        lines = "".join(f"\n    {way.part or TOP}: {len(way.plan.bound)} tensors" for way in reversed(parts.values()))
        raise error("V0716", f"{tensors.label} holds this model {len(parts)} times:{lines}", span,
                    help='choose one with --part NAME, or in the spec: weights { part = "NAME" }')  # fmt: skip
    if len(fitting) > 1:
        names = ", ".join(way.plan.layout.name for way in reversed(fitting.values()))
        raise error("V0708", f"{tensors.label} fits several layouts: {names}", span,
                    help="choose one with --layout")  # fmt: skip
    return next(iter(fitting.values()))


def _named_part(tensors: Tensors, part: str | None, span: Span | None) -> Mapping[str, Header]:
    """The names of the part that was asked for, all of them where none was."""
    if part in (None, TOP):
        return tensors.headers
    headers = {name: header for name, header in tensors.headers.items() if name.startswith(f"{part}.")}
    if headers:
        return headers
    known = groups(tensors.headers)
    names = ", ".join(f"`{name}`" for name in list(known)[:12]) + (" and more" if len(known) > 12 else "")
    raise error("V0716", f"{tensors.label} has no part `{part}`: its names begin with {names}", span,
                help=suggestion(str(part), list(known)))  # fmt: skip


def _ways(tensors: Tensors, headers: Mapping[str, Header], model: Model, candidates: list[Layout],
          choices: Choices) -> Iterator[Found]:  # fmt: skip
    endings = Endings(headers)
    asked = "" if choices.part in (None, TOP) else f"{choices.part}."
    for layout in candidates:
        tried = prefixes(layout, endings, model, choices)
        if choices.part is not None:  # and what is below it
            tried = {p: o for p, o in tried.items() if p.startswith(asked) and (choices.part != TOP or not p)}
            tried.setdefault(asked, ())
        for prefix, others in tried.items():
            part = Part(tensors, prefix, others)
            yield Found(tensors, part, plan(layout, part.headers, model, choices, prefix))


def _nearest(tensors: Tensors, ways: list[Found], layout: str, ours: Iterable[str], span: Span | None) -> VitError:
    """What is wrong with the part and the layout that are the nearest."""
    best = ways[0]
    found = refused(best.tensors.label, best.plan.findings, ours, best.tensors.headers, span).diagnostics
    notes: list[Diagnostic] = []
    others = [way for way in ways if way.plan.layout == best.plan.layout and len(way.plan.bound) * 2 > len(best.plan.bound)
              and not way.theirs & best.theirs]  # fmt: skip
    if others:
        listed = ", ".join(way.fitting for way in (best, *others))
        notes.append(Diagnostic("V0716", f"none of its parts fits wholly: {listed}", help="--part NAME chooses one"))
    if layout == "auto":
        notes.append(Diagnostic("V0708", f"no layout fits {tensors.label}; the nearest is {best.plan.layout.name}"))
    return VitError((*found, *notes))
