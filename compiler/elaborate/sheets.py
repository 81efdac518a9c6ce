"""Models: a block with what it declares set, whole or by path, late-bound, sheet over sheet."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ...diagnostics import Diagnostic, Label, VitError, foreign
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from . import parameters, settings
from .blocks import Instance, configured
from .bundled import use_of
from .declarations import words
from .entries import leaves, once, quoted
from .library import Module
from .scopes import Interpreter, Scope, Thunk, place, plain
from .sections import INPUT
from .values import BlockValue, Value

#: The most problems that are reported of one sheet.
MAX_PROBLEMS = 50

_WRITTEN = f"write `{INPUT} {{ mean = 0.5, std = 0.5 }}`"

#: An entry that sets something.
Assignment = tree.Bind | tree.Amend


@dataclass(slots=True)
class Overlay:
    """What the sheets of a model lay over one name: the nearest whole value, the settings above it, nearest first, and
    those below it, which it drops."""

    whole: tuple[tree.Bind, Module] | None = None
    parts: list[tuple[tree.Amend, Module]] = field(default_factory=list[tuple[tree.Amend, Module]])
    dropped: list[tree.Amend] = field(default_factory=list[tree.Amend])

    @property
    def span(self) -> Span:
        """Where the name stands."""
        return self.whole[0].name.span if self.whole else self.parts[0][0].name.span


class Sheet:
    """A model resolved to its block: `params` as finally set, each evaluated when needed."""

    def __init__(
        self,
        interpreter: Interpreter,
        module: Module,
        model: tree.Model,
        overrides: Sequence[Assignment] = (),
        sections: Sequence[str] = (),
    ) -> None:
        """`overrides` are sheets of one entry each (`--set`), the last the nearest; `sections` what else they could set."""
        self.interpreter, self.context = interpreter, interpreter.context
        self.model, self.problems = model, list[Diagnostic]()
        self.expects: list[tuple[tree.Expect, Module]] = []
        self.overrides, self.sections = overrides, sections
        #: The model and those that it inherits from, the nearest first, each with its file.
        self.models: list[tuple[tree.Model, Module]] = []
        given: dict[str, Overlay] = {}
        for entry in reversed(overrides):
            if isinstance(entry, tree.Bind) and entry.name.id == INPUT:
                help = f"set one of its keys: `--set {INPUT}.mean=0.5`"
                self._say(Diagnostic("V0608", f"`{INPUT}` is not a parameter", entry.name.span, help=help))
            else:
                self._entry(entry, module, given)
        self.value = BlockValue(*self._collect(module, given), {})
        self.declared, self.bindings = self.value.declared.params, self.value.declared.bindings
        self.given = {name: found for name, found in given.items() if name in self.declared}
        self.bound = {name: found for name, found in given.items() if name in self.bindings}
        self.instance = Instance(interpreter, self.value, self._set)
        self.params: Mapping[str, Thunk] = self.instance.params
        for name, found in given.items():
            if name not in self.given and name not in self.bound:
                self._unknown(name, found)

    def _unknown(self, name: str, found: Overlay) -> None:
        """Says that the block does not declare a name, and which of its parts do."""
        if len(self.problems) < MAX_PROBLEMS:
            sections = self.sections if found.parts and found.parts[-1][0] in self.overrides else ()
            known = [*self.value.declared.names, *sections]
            words = [name] if foreign.synonym(name, known) else [name, *foreign.SYNONYMS.get(name, ())]
            inside = next((paths for word in words if (paths := self._paths_to(word))), list[str]())
            help = f"write {' or '.join(inside)}" if inside else suggestion(name, known)
            try:
                settings.unknown_name(self.context, self.value, name, found.span, help=help)
            except VitError as problem:
                self.problems += problem.diagnostics

    def _paths_to(self, name: str) -> list[str]:
        """The paths of a name that the values of parameters declare; a parameter without a value has none."""
        found: list[str] = []
        for part, thunk in self.params.items():
            with suppress(VitError):
                if settings.declares(thunk.get(), name):
                    found.append(f"`{part}.{name}`")
        return found

    def _say(self, problem: Diagnostic) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)

    def _collect(self, module: Module, given: dict[str, Overlay]) -> tuple[Module, tree.Block]:
        """The entries of the model and of those it inherits from (nearer ones win), and the block below them.

        Fails with V0206 for a model that inherits from itself and V0201 where nothing below has the name.
        """
        model, seen = self.model, set[int]()
        while id(model) not in seen:
            seen.add(id(model))
            self.models.append((model, module))
            kept, problems = once(model.entries, "sheet")
            for problem in problems:
                self._say(problem)
            for entry in kept:
                if isinstance(entry, tree.PatternBind):
                    self._say(quoted(entry, "a model"))
                elif not isinstance(entry, tree.Expect):
                    self._entry(entry, module, given)
                elif model is self.model and not self.overrides:  # what `--set` changes keeps no expectations
                    self.expects.append((entry, module))
            module, base = self._below(module, model)
            if isinstance(base, tree.Block):
                return module, base
            model = base
        return self.context.fail("V0206", f"model `{model.name.id}` inherits from itself", model.base.span)

    def _below(self, module: Module, model: tree.Model) -> tuple[Module, tree.Block | tree.Model]:
        """What a model inherits from, and its file."""
        found = module.find(model.base.id)
        if found is None or isinstance(found[1], tree.Function):
            known = [n for n in module.names() if not isinstance((module.find(n) or (0, 0))[1], tree.Function)]
            what = "nothing" if found is None else "a fn, no block or model,"
            help = use_of(model.base.id) or suggestion(model.base.id, known)
            self.context.fail("V0201", f"{what} is called `{model.base.id}`", model.base.span, help=help)
        return found[0], found[1]

    def _entry(self, entry: Assignment, module: Module, given: dict[str, Overlay]) -> None:
        """Takes up an entry of a sheet below those that were looked at before; `input` is read with the sections."""
        if entry.name.id == INPUT:
            if isinstance(entry, tree.Bind):
                self._say(
                    Diagnostic(
                        "V0608", f"`{INPUT}` takes entries in braces, not a value", entry.name.span, help=_WRITTEN
                    )
                )
            return
        found = given.setdefault(entry.name.id, Overlay())
        if found.whole is not None:  # a nearer sheet replaced the value, with all that is set inside it
            found.dropped += [entry] if isinstance(entry, tree.Amend) else []
        elif isinstance(entry, tree.Amend):
            found.parts.append((entry, module))
        else:
            found.whole = entry, module

    def _set(self, instance: Instance, own: Thunk) -> Thunk:
        """The thunk of a name as the sheets set it: the block's own where they do not."""
        name = own.name
        if name in self.given:
            return self._param(instance, own, self.given[name])
        return self._bind(instance, own, self.bound[name]) if name in self.bound else own

    def _param(self, instance: Instance, own: Thunk, given: Overlay) -> Thunk:
        name, param = own.name, self.declared[own.name]
        whole = given.whole and (given.whole[0].value, self._scope(instance, given.whole[1], name))
        span = place(*whole) if whole else own.span

        def make() -> Value:
            if whole:
                expr, scope = whole
                value = scope.evaluate(expr, words(param.type))
                self._tell_dropped(name, value, given)
            else:
                value = own.get()
            value = self._amended(instance, name, value, given, span)
            return parameters.check(self.context, param, value, span)

        return Thunk(self.context, name, span, make, param.type)

    def _bind(self, instance: Instance, own: Thunk, given: Overlay) -> Thunk:
        name = own.name
        if given.whole is not None:
            entry, module = given.whole
            scope = self._scope(instance, module, name)
        else:
            entry, scope = self.bindings[name], instance.inside(name)
        span = place(entry.value, scope)

        def make() -> Value:
            value = configured(scope.evaluate(entry.value), entry.value.span)
            self._tell_dropped(name, value, given)
            value = self._amended(instance, name, value, given, span)
            return instance.materialise(name, value, entry.name, span, entry.value)

        return Thunk(self.context, name, span, make)

    def _tell_dropped(self, name: str, value: Value, given: Overlay) -> None:
        """V0413 for each part set in a sheet below that the new value has too and does not set."""
        if given.whole is None:
            return
        for entry in (inner for amend in given.dropped for inner in amend.entries):
            if isinstance(entry, (tree.Bind, tree.Amend)) and settings.could_set(value, entry.name.id):
                path = f"{name}.{entry.name.id}"
                help = f"set it again where it should stay: `{path} = ...` in a sheet above, or as an argument here"
                self.context.warn("V0413", f"the new value of `{name}` drops `{path}`, set by a sheet below",
                                  given.whole[0].value.span, help=help, others=(Label(entry.name.span, "dropped"),))  # fmt: skip

    def _amended(self, instance: Instance, name: str, value: Value, given: Overlay, since: Span) -> Value:
        """The value with the settings of the sheets, the farthest first."""
        for entry, module in reversed(given.parts):
            found = settings.read(entry.entries, name, value, self._scope(instance, module, name))
            value = settings.amended(self.context, name, value, found, since) if found else value
        return value

    def scope(self, module: Module) -> Scope:
        """Where a sheet of a file is evaluated: the parameters as finally set, sizes, then the names of that file."""
        return self._scope(self.instance, module, "")

    def _scope(self, instance: Instance, module: Module, making: str) -> Scope:
        return instance.scope(instance.params, making=making, module=module)

    def look(self) -> None:
        """Looks at all values that a sheet gives; what is wrong with them is collected, but for what needs sizes that only a
        run can tell."""
        for name, thunk in self.params.items():
            if name not in self.given:
                continue
            try:
                with self.context.only_looking():
                    thunk.get()
            except VitError as problem:
                self.problems += [d for d in problem.diagnostics if d.code != "V0208" and d not in self.problems]

    def tell_unread(self) -> None:
        """Notes of each path that the model's own sheet sets whether its value was read, and of blocks and parts whether
        any layer is made of them."""
        block, known = self.value.name, {**self.instance.binds, **{name: self.params[name] for name in self.given}}
        for entry in (*self.model.entries, *self.overrides):
            if not isinstance(entry, Assignment) or entry.name.id not in known:
                continue
            name = entry.name.id
            thunk, value = known[name], known[name].result
            runs = (
                isinstance(entry, tree.Amend)
                or not isinstance(value, BlockValue)
                or id(value.definition) in self.context.ran
            )
            why = (
                f"no layer of block `{block}` is made of it"
                if thunk.read
                else f"nothing in block `{block}` reads it with these settings"
            )
            self.context.effect("V0414", entry.name.span, thunk.read and runs, f"`{name}` has no effect: {why}")
            for leaf in leaves([entry]) if isinstance(entry, tree.Amend) and thunk.read else ():
                if leaf.value is not None and plain(leaf.span) not in self.context.effects:
                    message = f"`{leaf.text}` has no effect: no layer of block `{block}` is made of this `{name}`"
                    self.context.effect("V0414", leaf.span, False, message)
