"""Mistakes that are found without running anything: in blocks and functions that no model uses, too.

Undefined names, names bound twice, and definitions that contain themselves. A bare word that any parameter offers is
accepted here; whether it fits is checked when the text is run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from ...diagnostics import Diagnostic, Findings, Label, VitError
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from ...grammar.walking import parts, walk
from .. import ops
from . import language
from .bundled import SPECS
from .declarations import cases, is_layer, patterns, patterns_in, words
from .language import unknown
from .library import Definition, Library, Module
from .sections import INPUT
from .sheets import MAX_PROBLEMS

ALWAYS = frozenset(["training"])


@dataclass(frozen=True, slots=True)
class Use:
    """A name that stands in an expression, the names known there before those of the file, and what follows its dot."""

    name: tree.Name
    known: frozenset[str]
    part: tree.Name | None = None


def mistakes(library: Library) -> tuple[Diagnostic, ...]:
    """Those of the file and of what it uses, the library's own files apart."""
    findings, choices = Findings(), offered(library)
    for module in _read(library):
        for item in module.definitions.values():
            if isinstance(item, tree.Block):
                _own_self(item.forward.params, findings)
            if not isinstance(item, tree.Model):
                _twice(item, findings)
                _reserved(item, findings)
                if "match" in module.source.text:  # most texts have none, and need not be walked for it
                    findings.add(*_matches(item))
                for problem in islice(_unknown(module, item, choices), max(0, MAX_PROBLEMS - len(findings.items))):
                    findings.add(*problem.diagnostics)
        findings.add(*_cycles(module, choices))
    return tuple(findings.items)


def _read(library: Library) -> list[Module]:
    """The files whose mistakes are told: the one looked at, and those it uses that are not bundled."""
    return [m for m in library.modules.values() if m is library.main or not m.path.is_relative_to(SPECS)]


def _unknown(module: Module, item: tree.Block | tree.Function, choices: frozenset[str]) -> Iterator[VitError]:
    """V0201 for each undefined name, apart from those that a broken definition may have."""
    called = {id(node.function) for node in walk(item) if isinstance(node, tree.Call)}
    for use in uses(item):
        name = use.name.id
        if name not in use.known | choices | ALWAYS and not _outside(name, module) and not module.hides(name):
            problem = unknown(use.name, [*use.known, *module.names()], use.part)
            value = isinstance(item, tree.Function) and id(use.name) not in called
            if value and not problem.diagnostics[0].help:
                help = f"a fn sees its parameters, the sizes of its patterns and its file: make `{name}` a parameter"
                problem = VitError((replace(problem.diagnostics[0], help=help),))
            yield problem


def warnings(library: Library) -> tuple[Diagnostic, ...]:
    """V0415 for what a block of the user's texts binds and never mentions."""
    return tuple(
        Diagnostic(
            "V0415", f"`{name.id}` is bound in block `{item.name.id}` and never used", name.span, severity="warning"
        )
        for module in _read(library)
        for item in module.definitions.values()
        if isinstance(item, tree.Block)
        for name in _unmentioned(item)
    )


def _unmentioned(block: tree.Block) -> Iterator[tree.Name]:
    """The bindings, and parameters of the type `layer`, that neither `forward` nor another entry mentions. Right of `=` the
    name of a parameter is the parameter."""
    declared = {param.name.id for param in block.params}
    forward = {node.id for node in walk(block.forward) if isinstance(node, tree.Name)}
    entries = [{node.id for node in walk(entry) if isinstance(node, tree.Name)} for entry in block.entries]
    yield from (
        param.name
        for param in block.params
        if is_layer(param) and not any(param.name.id in names for names in [forward, *entries])
    )
    for index, entry in enumerate(block.entries):
        if isinstance(entry, tree.Bind) and entry.name.id not in forward:
            others = [] if entry.name.id in declared else [*entries[:index], *entries[index + 1 :]]
            if not any(entry.name.id in names for names in others):
                yield entry.name


def _outside(name: str, module: Module) -> bool:
    return module.find(name) is not None or name in language.names()


def offered(library: Library) -> frozenset[str]:
    """Every word that some type or some op offers."""
    found = {choice for name in ops.names() for param in ops.get(name).params for choice in param.choices}
    for module in library.modules.values():
        for item in module.definitions.values():
            if not isinstance(item, tree.Model):
                for param in [*item.params, *(item.forward.params if isinstance(item, tree.Block) else ())]:
                    found.update(words(param.type))
    return frozenset(found | {"float", "int", "bool"})


def _twice(item: tree.Block | tree.Function, findings: Findings) -> None:
    """Parameters and bindings of the same name."""
    block = item if isinstance(item, tree.Block) else None
    lists = [[p.name for p in item.params]]
    if block is not None:
        lists += [[e.name for e in block.entries if isinstance(e, tree.Bind)], [p.name for p in block.forward.params]]
    for names in lists:
        seen: set[str] = set()
        for name in names:
            if name.id in seen:
                findings.add(Diagnostic("V0204", f"`{name.id}` stands twice in `{item.name.id}`", name.span))
            seen.add(name.id)


def _reserved(item: tree.Block | tree.Function, findings: Findings) -> None:
    """V0205 for a name that the language keeps, V0608 for a parameter that no sheet could set."""
    for name in _named(item):
        if name.id in ALWAYS:
            findings.add(Diagnostic("V0205", f"nothing can be called `{name.id}`", name.span,
                                    help=f"`{name.id}` is true while the model is trained"))  # fmt: skip
    for param in item.params if isinstance(item, tree.Block) else ():
        if param.name.id == INPUT:
            findings.add(Diagnostic("V0608", f"a parameter can't be called `{INPUT}`", param.name.span,
                                    help=f"call it something else: in a sheet `{INPUT} {{ ... }}` says how pictures are prepared"))  # fmt: skip


def _named(item: tree.Block | tree.Function) -> Iterator[tree.Name]:
    """Every name that a definition gives something."""
    yield item.name
    for node in walk(item):
        match node:
            case tree.Param() | tree.Bind():
                yield node.name
            case tree.Let():
                yield from (target.name for target in node.targets)
            case tree.For() | tree.Clause():
                yield from node.names
            case tree.Pattern():
                yield from (dim for dim in node.dims if isinstance(dim, tree.Name))
            case _:
                pass


def _own_self(declared: tuple[tree.Param, ...], findings: Findings) -> None:
    """V0110 for a `forward(self, x)`."""
    for param in declared:
        if param.name.id == "self":
            findings.add(
                Diagnostic("V0110", "there is no `self`", param.name.span, help="leave it out: `forward` takes tensors")
            )


# ---- match ---------------------------------------------------------------------------------------------------------


def _matches(item: tree.Block | tree.Function) -> Iterator[Diagnostic]:
    """V0315 for each `match` whose cases are not what its subject may be."""
    declared = {param.name.id: param for param in item.params}
    if isinstance(item, tree.Block):
        declared |= {param.name.id: param for param in item.forward.params}
    for node in walk(item):
        if isinstance(node, tree.Match):
            yield from _cases(node, declared)


def _cases(match: tree.Match, declared: dict[str, tree.Param]) -> Iterator[Diagnostic]:
    param = declared.get(match.subject.id) if isinstance(match.subject, tree.Name) else None
    possible = cases(param) if param else ()
    if not possible:
        yield Diagnostic("V0315", "`match` takes a parameter whose values are words or none", match.subject.span,
                         help="use `if` for anything else")  # fmt: skip
        return
    seen = dict[str, tree.Name]()
    for case in (case for arm in match.arms for case in arm.cases):
        if case.id in seen:
            yield Diagnostic(
                "V0315", f"`{case.id}` has two arms", case.span, others=(Label(seen[case.id].span, "the first"),)
            )
        elif case.id not in possible:
            yield Diagnostic("V0315", f"`{match.subject.span.text}` is never `{case.id}`", case.span,
                             help=suggestion(case.id, possible))  # fmt: skip
        seen[case.id] = case
    missing = [name for name in possible if name not in seen]
    if missing:
        yield Diagnostic("V0315", f"`match` has no arm for {', '.join(f'`{name}`' for name in missing)}", match.subject.span,
                         help=f"`{match.subject.span.text}` may be {', '.join(possible)}")  # fmt: skip


# ---- names in use ----------------------------------------------------------------------------------------------------


def uses(item: tree.Block | tree.Function) -> Iterator[Use]:
    """The names in a block or function, each with those that are known there."""
    given = frozenset(p.name.id for p in item.params)
    if isinstance(item, tree.Function):
        sizes = _sizes([p.type for p in item.params] + [item.result], item.body)
        yield from _params(item.params, given | sizes)
        yield from _body(item.body, given | sizes | _locals(item.body))
        return
    sizes = frozenset(d.id for p in patterns(item.forward) for d in p.dims if isinstance(d, tree.Name))
    binds = frozenset(e.name.id for e in item.entries if isinstance(e, tree.Bind))
    yield from _params(item.params, given | sizes)
    for entry in item.entries:
        if isinstance(entry, tree.Bind):
            yield from expression(entry.value, given | sizes | (binds - {entry.name.id}))
        else:
            yield from expression(entry.condition, given | sizes | binds)
    arguments = frozenset(p.name.id for p in item.forward.params)
    everything = given | sizes | binds | arguments | _locals(item.forward.body)
    yield from _params(item.forward.params, everything, own=True)
    for pattern in patterns(item.forward):
        yield from _dims(pattern, everything)
    yield from _body(item.forward.body, everything)


def _sizes(types: list[tree.Type | None], body: tuple[tree.Stmt, ...]) -> frozenset[str]:
    found = [a for type in types if type for a in type.alternatives if isinstance(a, tree.Pattern)]
    return frozenset(d.id for p in [*found, *patterns_in(body)] for d in p.dims if isinstance(d, tree.Name))


def _params(declared: tuple[tree.Param, ...], known: frozenset[str], own: bool = False) -> Iterator[Use]:
    """The names in defaults and bounds; a default does not see its own parameter."""
    for param in declared:
        here = known if own else known - {param.name.id}
        if param.default is not None:
            yield from expression(param.default, here)
        for alternative in param.type.alternatives if param.type else ():
            if isinstance(alternative, tree.Pattern):
                yield from _dims(alternative, known)
            else:
                for bound in alternative.bounds:
                    yield from expression(bound.limit, here)


def _dims(pattern: tree.Pattern, known: frozenset[str]) -> Iterator[Use]:
    for dim in pattern.dims:
        if not isinstance(dim, (tree.Lead, tree.Name)):
            yield from expression(dim, known)


def _locals(body: tuple[tree.Stmt, ...]) -> frozenset[str]:
    """Names that statements give values."""
    found: set[str] = set()
    for statement in body:
        match statement:
            case tree.Let():
                found.update(target.name.id for target in statement.targets)
            case tree.For():
                found.update(name.id for name in statement.names)
                found |= _locals(statement.body)
            case tree.If():
                found |= _locals(statement.then) | _locals(statement.otherwise)
            case _:
                pass
    return frozenset(found)


def _body(body: tuple[tree.Stmt, ...], known: frozenset[str]) -> Iterator[Use]:
    for statement in body:
        match statement:
            case tree.Let():
                yield from expression(statement.value, known)
            case tree.Expect():
                yield from expression(statement.condition, known)
            case tree.If():
                yield from expression(statement.test, known)
                yield from _body(statement.then, known)
                yield from _body(statement.otherwise, known)
            case tree.For():
                yield from expression(statement.iterable, known)
                yield from _body(statement.body, known)
            case tree.Return():
                for result in statement.results:
                    yield from expression(result.value, known)


def expression(expr: tree.Expr, known: frozenset[str]) -> Iterator[Use]:
    """The names in an expression; a comprehension's own are known inside it."""
    pending = [(expr, known)]
    while pending:
        node, here = pending.pop()
        if isinstance(node, tree.Attribute) and (root := _root(node)) is not None:
            yield Use(root, here, node.name)
        elif isinstance(node, tree.Name):
            yield Use(node, here)
        elif isinstance(node, tree.Each):
            inner = here | {name.id for clause in node.clauses for name in clause.names}
            pending += [(part, inner) for part in parts(node)]
        else:
            pending += [(part, here) for part in parts(node)]


def _root(node: tree.Attribute) -> tree.Name | None:
    """The name that a path such as `torch.nn.Linear` begins with."""
    base = node.base
    while isinstance(base, tree.Attribute):
        base = base.base
    return base if isinstance(base, tree.Name) else None


# ---- definitions inside themselves -----------------------------------------------------------------------------------


def _cycles(module: Module, words: frozenset[str]) -> Iterator[Diagnostic]:
    """V0206 for each definition of a file whose text leads back to it."""
    for name, item in module.definitions.items():
        if isinstance(item, tree.Model):
            continue
        found = _way_back(module, item, words)
        if found is not None:
            what = "block" if isinstance(item, tree.Block) else "fn"
            yield Diagnostic("V0206", f"{what} `{name}` contains itself", found.span,
                             help="no definition contains itself; what repeats is written as a list or a `for`")  # fmt: skip


def _way_back(module: Module, item: Definition, words: frozenset[str]) -> tree.Name | None:
    """The name in a definition's text through which it contains itself."""
    for first, (owner, inner) in _mentions(module, item, words):
        seen, pending = {id(inner)}, [(owner, inner)]
        while pending:
            where, at = pending.pop()
            if at is item:
                return first
            for _, (next_owner, target) in _mentions(where, at, words):
                if id(target) not in seen:
                    seen.add(id(target))
                    pending.append((next_owner, target))
    return None


def _mentions(
    module: Module, item: Definition, words: frozenset[str]
) -> Iterator[tuple[tree.Name, tuple[Module, Definition]]]:
    """The definitions that a text names; a bare word that may be a choice is taken for one."""
    if isinstance(item, tree.Model):
        return
    for use in uses(item):
        found = module.find(use.name.id) if use.name.id not in use.known | words else None
        if found is not None:
            yield use.name, found
