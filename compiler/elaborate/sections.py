"""`data`, `train`, `export`, `weights`, and `input` of sheets: read as plain values and merged; `runtime` knows what they
mean."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...grammar import tree
from ...grammar.diagnostics import Diagnostic, Findings
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from ..ir.program import Choice, Entry, Quantity, Section
from ..ir.types import LARGEST_FLOAT
from .library import Definition, Module

LARGEST_INTEGER = 2**63 - 1
KINDS = ("data", "train", "export", "weights", "init")
#: The entry of a sheet that holds settings and re-binds no parameter.
INPUT = "input"


def sections(
    module: Module, model: tree.Model, overrides: Mapping[str, tree.Bind], findings: Findings
) -> dict[str, Section]:
    """The sections of a model: those of its own file, those with its name over those without, and `input` of its sheet over
    that of the models it inherits from, key by key. `init` is not among them: its values are the elaborator's."""
    merged, seen = dict[str, Section](), set[tuple[str, str]]()
    for name, mapping in reversed(list(_inputs(module, model))):
        binds = _binds(mapping.entries, findings, f"`{INPUT}`", quotes=False)
        _merge(merged, INPUT, _entries(binds, findings), name.span)
    for section in sorted(module.sections, key=lambda s: s.model is not None):
        _known(section, module, findings)
        kind, owner = section.kind.id, section.model.id if section.model else ""
        if (kind, owner) in seen:
            findings.add(
                Diagnostic("V0204", f"there are two sections `{kind}{owner and ' ' + owner}`", section.kind.span)
            )
        seen.add((kind, owner))
        if owner in ("", model.name.id):
            binds = _binds(section.entries, findings, f"section `{kind}`", quotes=kind == "init")
            if kind != "init":
                _merge(merged, kind, _entries(binds, findings), section.kind.span)
    for kind, binds in _on_the_command_line(overrides, findings).items():
        span = merged[kind].span if kind in merged else next(iter(binds.values())).span
        _merge(merged, kind, _entries(binds, findings), span)
    return merged


def _merge(merged: dict[str, Section], kind: str, entries: Mapping[str, Entry], span: Span) -> None:
    """Lays the entries of a nearer text over those that are there."""
    below: Mapping[str, Entry] = merged[kind].entries if kind in merged else {}
    rank = 1 + max((entry.rank for entry in below.values()), default=0)
    merged[kind] = Section(kind, {**below, **{k: replace(e, rank=rank) for k, e in entries.items()}}, span)


def _on_the_command_line(overrides: Mapping[str, tree.Bind], findings: Findings) -> dict[str, dict[str, tree.Bind]]:
    """What `--set section.key=value` gives, by section."""
    given: dict[str, dict[str, tree.Bind]] = {}
    for path, bind in overrides.items():
        kind, _, key = path.partition(".")
        if kind not in (*KINDS, INPUT):
            help = suggestion(kind, KINDS)
            findings.add(Diagnostic("V0202", f"there is no section `{kind}`", bind.name.span, help=help))
        elif kind != "init":
            given.setdefault(kind, {})[key] = bind
    return given


def _inputs(module: Module, model: tree.Model) -> Iterator[tuple[tree.Name, tree.Mapping]]:
    """The entries `input { ... }` of a model and of those it inherits from, the nearest first."""
    seen: set[int] = set()
    base: Definition = model
    while isinstance(base, tree.Model) and id(base) not in seen:
        seen.add(id(base))
        for entry in base.entries:
            if isinstance(entry, tree.Bind) and entry.name.id == INPUT and isinstance(entry.value, tree.Mapping):
                yield entry.name, entry.value
                break
        found = module.find(base.base.id)
        if found is None:
            break
        module, base = found


def _known(section: tree.Section, module: Module, findings: Findings) -> None:
    if section.kind.id not in KINDS:
        in_sheet = f"write it in the sheet of a model: `model NAME = BASE {{ {INPUT} {{ ... }} }}`"
        help = in_sheet if section.kind.id == INPUT else suggestion(section.kind.id, KINDS)
        findings.add(Diagnostic("V0202", f"there is no section `{section.kind.id}`", section.kind.span, help=help))
    if section.model is None or module.hides(section.model.id):
        return
    if not isinstance(module.definitions.get(section.model.id), tree.Model):
        known = [n for n, d in module.definitions.items() if isinstance(d, tree.Model)]
        findings.add(Diagnostic("V0201", f"there is no model `{section.model.id}` in this file", section.model.span,
                                help=suggestion(section.model.id, known)))  # fmt: skip


_Binds = Mapping[str, tree.Bind | tree.PatternBind]


def _binds(entries: tuple[tree.Bind | tree.PatternBind | tree.Expect, ...], findings: Findings, where: str, *,
           quotes: bool) -> _Binds:  # fmt: skip
    """The entries by key. Finds V0314 for an `expect`, V0204 for a key set twice, and V0316 for a key in quotes unless `quotes`."""
    found: dict[str, tree.Bind | tree.PatternBind] = {}
    for entry in entries:
        if isinstance(entry, tree.Expect):
            findings.add(Diagnostic("V0314", "`expect` stands in models and blocks", entry.span))
            continue
        if isinstance(entry, tree.PatternBind) and not quotes:
            findings.add(quoted(entry, where))
            continue
        name = _key(entry)
        key = name.id if isinstance(name, tree.Name) else name.value
        if key in found:
            findings.add(Diagnostic("V0204", f"`{key}` is set twice in this {where.partition(' ')[0]}", name.span))
        found[key] = entry
    return found


def _key(entry: tree.Bind | tree.PatternBind) -> tree.Name | tree.String:
    return entry.name if isinstance(entry, tree.Bind) else entry.pattern


def quoted(entry: tree.PatternBind, where: str) -> Diagnostic:
    """V0316: a key in quotes where keys are names."""
    text = entry.pattern.value
    return Diagnostic("V0316", f"the keys of {where} are names, not texts in quotes", entry.pattern.span,
                      help=f"write {text} without quotes" if text.isidentifier() and text.isascii() else "")  # fmt: skip


def _entries(binds: _Binds, findings: Findings) -> dict[str, Entry]:
    """The values by key; what can't be read is told once, and is not looked at further."""
    found: dict[str, Entry] = {}
    for key, entry in binds.items():
        before = len(findings.items)
        entry_value = value(entry.value, findings)
        if len(findings.items) == before:
            found[key] = Entry(entry_value, entry.value.span, _key(entry).span)
    return found


def value(expr: tree.Expr, findings: Findings) -> Any:
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
        case tree.Mapping():
            return _entries(_binds(expr.entries, findings, "mapping", quotes=True), findings)
        case tree.Call() if isinstance(expr.function, tree.Name):
            return _choice(expr, expr.function.id, findings)
        case tree.Unary() if expr.op == "-":
            inner = value(expr.operand, findings)
            if isinstance(inner, (int, float)) and not isinstance(inner, bool):
                return -inner
        case tree.Binary() if expr.op in ("+", "-", "*", "/", "**"):
            before = len(findings.items)
            result = _arithmetic(expr.op, value(expr.left, findings), value(expr.right, findings))
            if len(findings.items) > before:  # an operand is wrong already
                return None
            if result is not None:
                return _within(result, expr, findings)
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
        if arg.name is None:
            args.append(Entry(value(arg.value, findings), at, at))
            continue
        if arg.name.id in kwargs:
            findings.add(Diagnostic("V0204", f"`{arg.name.id}` is given twice to `{name}`", arg.name.span))
        kwargs[arg.name.id] = Entry(value(arg.value, findings), at, arg.name.span)
    return Choice(name, tuple(args), kwargs, expr.span)


def _arithmetic(op: str, a: Any, b: Any) -> Any:
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (a, b)):
        return None
    if op == "**" and (abs(b) > 64 or abs(a) > 10**6):
        return None
    try:
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b, "**": lambda: a**b}[
            op
        ]()
    except (ZeroDivisionError, OverflowError):
        return None
