"""Sections, and `input` of sheets: read as plain values and merged. `runtime` hands in which there are, and knows what they
mean."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias, cast

from ...diagnostics import Diagnostic, Findings
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from ..configuration import Choice, Entry, Quantity, Section
from ..ir.types import LARGEST_FLOAT
from .arithmetic import compute
from .entries import misplaced, once, quoted
from .library import Definition, Library, Module
from .values import is_number

#: A value of a section.
Plain: TypeAlias = (
    "int | float | bool | str | tuple[int, ...] | list[Plain] | Choice | Quantity | dict[str, Entry] | None"
)

LARGEST_INTEGER = 2**63 - 1
#: The section whose values are the elaborator's.
INIT = "init"
#: The entry of a sheet that holds settings and re-binds no parameter.
INPUT = "input"


def kinds(library: Library) -> tuple[str, ...]:
    """The sections that a text may have: those that `runtime` handed in, and `init`."""
    return (*(name for name in library.sections or () if name != INPUT), INIT)


def sections(
    library: Library, module: Module, model: tree.Model, overrides: Sequence[tree.Amend], findings: Findings
) -> dict[str, Section]:
    """The sections of a model: those of its own file, those with its name over those without, and `input` of its sheet over
    that of the models it inherits from, key by key. `init` is not among them: its values are the elaborator's."""
    merged, seen = dict[str, Section](), set[tuple[str, str]]()
    for name, entries in reversed(list(_inputs(module, model))):
        findings.add(*_misplaced(entries, f"`{INPUT}`"))
        _merge(merged, INPUT, _values(once(entries, "sheet")[0], findings), name.span)
    for section in sorted(module.sections, key=lambda s: s.model is not None):
        _owned(section, module, findings)
        if not _known(section, library, findings):
            continue
        kind, owner = section.kind.id, section.model.id if section.model else ""
        if (kind, owner) in seen:
            findings.add(
                Diagnostic("V0204", f"there are two sections `{kind}{owner and ' ' + owner}`", section.kind.span)
            )
        seen.add((kind, owner))
        if owner in ("", model.name.id):
            if kind == INIT:
                findings.add(*once(section.entries, "section", dots=True)[1], *_expects(section.entries))
            else:
                kept, twice = once(section.entries, "section")
                findings.add(*twice, *_misplaced(section.entries, f"section `{kind}`"))
                _merge(merged, kind, _values(kept, findings), section.kind.span)
    for kind in dict.fromkeys(override.name.id for override in overrides if override.name.id != INIT):
        given = [override for override in overrides if override.name.id == kind]
        span = merged[kind].span if kind in merged else None
        entries = [entry for override in given for entry in override.entries]
        _merge(merged, kind, _values(entries, findings), span or given[0].span)
    return merged


def _merge(merged: dict[str, Section], kind: str, entries: Mapping[str, Entry], span: Span) -> None:
    """Lays the entries of a nearer text over those that are there."""
    below: Mapping[str, Entry] = merged[kind].entries if kind in merged else {}
    rank = 1 + max((entry.rank for entry in below.values()), default=0)
    merged[kind] = Section(kind, _over(below, {k: replace(e, rank=rank) for k, e in entries.items()}), span)


def _over(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> dict[str, Entry]:
    """Entries over those of a text further away: whole values replace, parts are laid over what is there."""
    found = dict(old)
    for name, entry in new.items():
        found[name] = _amended(old[name], entry) if name in old and isinstance(entry.value, dict) else entry
    return found


def _amended(below: Entry, parts: Entry) -> Entry:
    """A mapping, or a choice with its arguments, with the parts that a nearer text gives; anything else is replaced."""
    old, inner = below.value, cast("dict[str, Entry]", parts.value)
    if isinstance(old, Choice):
        return replace(below, value=replace(old, parts=_over(old.parts, inner)), rank=parts.rank)
    if isinstance(old, dict):
        return replace(parts, value=_over(cast("dict[str, Entry]", old), inner))
    return parts


def _inputs(module: Module, model: tree.Model) -> Iterator[tuple[tree.Name, list[tree.Entry]]]:
    """What a model and those it inherits from set in `input`, the nearest first, with the name of each."""
    seen: set[int] = set()
    base: Definition = model
    while isinstance(base, tree.Model) and id(base) not in seen:
        seen.add(id(base))
        given = [entry for entry in base.entries if isinstance(entry, tree.Amend) and entry.name.id == INPUT]
        if given:
            yield given[0].name, [inner for entry in given for inner in entry.entries]
        found = module.find(base.base.id)
        if found is None:
            break
        module, base = found


def _known(section: tree.Section, library: Library, findings: Findings) -> bool:
    """Whether there is such a section; V0202 where there is none."""
    kind, allowed = section.kind, kinds(library)
    if kind.id in allowed or (library.sections is None and kind.id != INPUT):
        return True
    in_sheet = f"write it in the sheet of a model: `model NAME = BASE {{ {INPUT} {{ ... }} }}`"
    help = in_sheet if kind.id == INPUT else suggestion(kind.id, allowed)
    findings.add(Diagnostic("V0202", f"there is no section `{kind.id}`", kind.span, help=help))
    return False


def _owned(section: tree.Section, module: Module, findings: Findings) -> None:
    """V0201 for a section of a model that this file does not define."""
    if section.model is None or module.hides(section.model.id):
        return
    if not isinstance(module.definitions.get(section.model.id), tree.Model):
        known = [n for n, d in module.definitions.items() if isinstance(d, tree.Model)]
        findings.add(Diagnostic("V0201", f"there is no model `{section.model.id}` in this file", section.model.span,
                                help=suggestion(section.model.id, known)))  # fmt: skip


def _misplaced(entries: Sequence[tree.Entry], where: str) -> Iterator[Diagnostic]:
    """V0314 for each `expect`, and V0316 for each key in quotes that is not inside braces."""
    yield from _expects(entries)
    yield from (quoted(entry, where) for entry in entries if isinstance(entry, tree.PatternBind))


def _expects(entries: Sequence[tree.Entry]) -> Iterator[Diagnostic]:
    """V0314 for each `expect` among the entries of a section."""
    for entry in entries:
        if isinstance(entry, tree.Expect):
            yield misplaced(entry)
        elif isinstance(entry, tree.Amend):
            yield from _expects(entry.entries)


def _values(entries: Sequence[tree.Entry], findings: Findings, *, quotes: bool = False) -> dict[str, Entry]:
    """The values by key; what can't be read is told once, and is not looked at further. Inside braces keys may be in quotes,
    as those of mappings are."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if isinstance(entry, tree.Amend):
            new = Entry(_values(entry.entries, findings, quotes=True), entry.span, entry.name.span)
            name = entry.name.id
            found[name] = _amended(found[name], new) if name in found else new
        elif isinstance(entry, tree.Bind) or (quotes and isinstance(entry, tree.PatternBind)):
            key = entry.name if isinstance(entry, tree.Bind) else entry.pattern
            before = len(findings.items)
            read = value(entry.value, findings)
            if len(findings.items) == before:
                found[key.id if isinstance(key, tree.Name) else key.value] = Entry(read, entry.value.span, key.span)
    return found


def value(expr: tree.Expr, findings: Findings) -> Plain:
    """A value of a section: bare names are words, calls are choices with arguments, arithmetic of numbers is done."""
    match expr:
        case tree.Number():
            return _within(expr.value, expr, findings)
        case tree.Constant() | tree.String():
            return expr.value
        case tree.Shape():
            return expr.dims
        case tree.Unit():
            return Quantity(_within(expr.value, expr, findings), expr.unit)
        case tree.Name():
            return Choice(expr.id, span=expr.span)
        case tree.List():
            return [value(item, findings) for item in expr.items]
        case tree.Call() if isinstance(expr.function, tree.Name):
            return _choice(expr, expr.function.id, findings)
        case tree.Unary() if expr.op == "-":
            inner = value(expr.operand, findings)
            if is_number(inner):
                return -inner
        case tree.Binary() if expr.op in ("+", "-", "*", "/", "**"):
            before = len(findings.items)
            left, right = value(expr.left, findings), value(expr.right, findings)
            if len(findings.items) > before:  # an operand is wrong already
                return None
            if is_number(left) and is_number(right):
                with suppress(ArithmeticError, ValueError):
                    return _within(compute(expr.op, left, right), expr, findings)
        case _:
            pass
    findings.add(
        Diagnostic(
            "V0601", "a section holds numbers, words, texts, lists, calls of them, and mappings in braces", expr.span
        )
    )
    return None


def _within(number: float, expr: tree.Expr, findings: Findings) -> float:
    """The number; V0601 for one that float32 or int64 can't hold, as whatever runs the section would."""
    largest, name = (LARGEST_INTEGER, "64 bits") if isinstance(number, int) else (LARGEST_FLOAT, "float32")
    if not abs(number) <= largest:
        text = f"a number of a section must fit into {name}: at most {largest:.3g}"
        findings.add(Diagnostic("V0601", text, expr.span))
    return number


def _choice(expr: tree.Call, name: str, findings: Findings) -> Choice:
    args: list[Entry] = []
    kwargs: dict[str, Entry] = {}
    for arg in expr.args:
        at = arg.value.span
        if not arg.path:
            args.append(Entry(value(arg.value, findings), at, at))
            continue
        key = arg.path[-1]
        if len(arg.path) > 1:
            findings.add(Diagnostic("V0218", f"`{arg.path[0].id}` has no parts here", key.span))
        if key.id in kwargs:
            findings.add(Diagnostic("V0204", f"`{key.id}` is given twice to `{name}`", key.span))
        kwargs[key.id] = Entry(value(arg.value, findings), at, key.span)
    return Choice(name, tuple(args), kwargs, expr.span)
