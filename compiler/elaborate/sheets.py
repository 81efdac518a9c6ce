"""Models: a block with its parameters re-bound, whole values, late-bound, sheet over sheet."""

from collections.abc import Mapping
from typing import Any

from ...grammar import tree
from ...grammar.diagnostics import Diagnostic, VitError
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from ..ir.builder import Builder
from . import params
from .blame import place
from .blocks import Instance, file_source
from .context import Context, Setting
from .library import Module, use_of
from .scopes import MISSING, Scope, Thunk
from .sections import INPUT, quoted
from .shapes import patterns
from .values import BlockValue, Shape

#: More than these of one sheet help nobody.
MAX_PROBLEMS = 50

_WRITTEN = f"write `{INPUT} {{ mean = 0.5, std = 0.5 }}`"

Override = tuple[tree.Expr, Module, Span]


class Sheet:
    """A model resolved to its block: `params` as finally set, each evaluated when needed."""

    def __init__(self, context: Context, module: Module, model: tree.Model,
                 overrides: Mapping[str, Override] | None = None) -> None:  # fmt: skip
        self.context, self.model, self.problems = context, model, list[Diagnostic]()
        self.expects: list[tuple[tree.Expect, Module]] = []
        entries: dict[str, Override] = dict(overrides or {})
        if INPUT in entries:
            help = f"set one of its keys: `--set {INPUT}.mean=0.5`"
            self._say("V0608", f"`{INPUT}` is not a parameter", entries.pop(INPUT)[2], help)
        # What the command line re-binds makes another model, which inherits no expectations.
        self.changed = bool(overrides)
        block = self._collect(module, model, entries, ())
        self.value = BlockValue(block[0], block[1], {})
        self.declared = {p.name.id: p for p in block[1].params}
        for name, (_, _, span) in list(entries.items()):
            if name not in self.declared:
                help = suggestion(name, self.declared) if len(self.problems) < MAX_PROBLEMS else ""
                self._say("V0202", f"block `{self.value.name}` has no parameter `{name}`", span, help)
                del entries[name]
        self.instance = Instance(context, self.value)
        self.params: dict[str, Thunk] = self.instance.params
        self.params.update({name: self._thunk(name, entry) for name, entry in entries.items()})
        self.given = tuple(entries)

    def _say(self, code: str, message: str, span: Span, help: str = "") -> None:
        self._problem(Diagnostic(code, message, span, help=help))

    def _problem(self, problem: Diagnostic) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def _collect(self, module: Module, model: tree.Model, entries: dict[str, Override], seen: tuple[int, ...]
                 ) -> tuple[Module, tree.Block]:  # fmt: skip
        """The entries of a model and of those it inherits from (nearer ones win), and the block below them."""
        if id(model) in seen:
            self.context.fail("V0206", f"model `{model.name.id}` inherits from itself", model.base.span)
        here: set[str] = set()
        for entry in model.entries:
            if isinstance(entry, tree.Expect):
                if not seen and not self.changed:
                    self.expects.append((entry, module))
            elif isinstance(entry, tree.PatternBind):
                self._problem(quoted(entry, "a model"))
            elif entry.name.id in here:
                self._say("V0204", f"`{entry.name.id}` is set twice in this sheet", entry.name.span)
            else:
                here.add(entry.name.id)
                if entry.name.id == INPUT:
                    self._input(entry)
                else:
                    entries.setdefault(entry.name.id, (entry.value, module, entry.name.span))
        found = module.find(model.base.id)
        if found is None or isinstance(found[1], tree.Function):
            known = [n for n in module.names() if not isinstance((module.find(n) or (0, 0))[1], tree.Function)]
            what = "nothing" if found is None else "a fn, no block or model,"
            help = use_of(model.base.id) or suggestion(model.base.id, known)
            self.context.fail("V0201", f"{what} is called `{model.base.id}`", model.base.span, help=help)
        owner, base = found
        if isinstance(base, tree.Block):
            return owner, base
        assert isinstance(base, tree.Model)
        return self._collect(owner, base, entries, (*seen, id(model)))

    def _input(self, entry: tree.Bind) -> None:
        """Refuses `input = value`; what its braces hold is read with the sections."""
        if not isinstance(entry.value, tree.Mapping):
            self._say("V0608", f"`{INPUT}` takes entries in braces, not a value", entry.name.span, _WRITTEN)

    def _thunk(self, name: str, entry: Override) -> Thunk:
        expr, module, _ = entry
        param = self.declared[name]

        scope = self.scope(module, without=name)

        def limit(expr: tree.Expr) -> Any:
            from .expressions import evaluate

            return evaluate(expr, scope)

        def make() -> Any:
            from .expressions import evaluate

            value = evaluate(expr, scope, params.words(param.type))
            return params.check(self.context, param, value, place(expr, scope), limit)

        return Thunk(name, expr, expr.span, make, scope, type=param.type)

    def scope(self, module: Module, *, without: str = "") -> Scope:
        """Where a sheet's value is evaluated: the parameters as finally set, sizes, then the sheet's own file."""

        def param(name: str) -> Any:
            return self.params[name].get(self.context) if name in self.params and name != without else MISSING

        builder: Builder = self.instance.builder
        return Scope(self.context, module, builder, (param, self.instance.size, file_source(module, self.context)), self.instance.shapes,
                     lambda: [*self.params, *module.names()],
                     lambda n: self.params.get(n) if n != without else None)  # fmt: skip

    def settings(self) -> list[Setting]:
        """The sizes among the parameters, with their places. All values that a sheet gives are looked at; what is wrong
        with them is collected, but for what needs sizes that only a run can tell."""
        spoken = self.instance.later | {dim.id for p in patterns(self.value.definition.forward) for dim in p.dims
                                        if isinstance(dim, tree.Name)}  # fmt: skip
        found: list[Setting] = []
        for name, thunk in self.params.items():
            if name not in self.given and not isinstance(thunk.expr, (tree.Number, tree.Shape)):
                continue
            try:
                value = thunk.get(self.context)
            except VitError as problem:
                self.problems += [d for d in problem.diagnostics if d.code != "V0208" and d not in self.problems]
                continue
            given, default = name in self.given, self.declared[name].default
            if isinstance(value, int) and not isinstance(value, bool):
                usual = default.value if given and isinstance(default, tree.Number) else 1
                found.append(Setting(name, value, thunk.span, name in spoken, given, int(usual) or 1))
            elif isinstance(value, Shape):
                usuals = default.dims if given and isinstance(default, tree.Shape) else ()
                usuals = usuals if len(usuals) == len(value.dims) else (1,) * len(value.dims)
                found += [
                    Setting(name, n, thunk.span, True, given, usual)
                    for n, usual in zip(value.dims, usuals, strict=True)
                ]
        return found
