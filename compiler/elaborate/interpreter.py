"""The interpreter: gives expressions their values and runs statements. Parts of it are handed the scope, and it with that."""

from collections.abc import Sequence
from functools import cache

from ...diagnostics import foreign
from ...diagnostics.source import Source, Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from .. import ops
from ..ir.numbers import Name, Written, applied, wrapped
from . import calls, hints, indexing, language, shape_patterns
from .arithmetic import arithmetic
from .blame import blame
from .context import MAX_ITEMS, Context
from .declarations import words
from .expectations import expect
from .library import Module
from .nodes import emit
from .scopes import Args, Kwargs, Outcome, Scope, place
from .sheets import Sheet
from .values import (
    ANY_WORD,
    LATER,
    MISSING,
    Absent,
    BlockValue,
    FunctionValue,
    ModelValue,
    Shape,
    Tensor,
    Value,
    WeightValue,
    Word,
    describe,
    is_int,
    is_number,
    items,
    members,
)


@cache
def _tensor_ops() -> dict[str, str]:
    """The ops of two tensors by their operators."""
    found = map(ops.get, ops.names())
    return {op.operator: op.name for op in found if op.operator and len(op.inputs) == 2}


class Interpreter:
    """Evaluates the texts of one model in one mode; `context` is the state of that."""

    def __init__(self, library: frozenset[Source], bundled: frozenset[Source], *, training: bool = False) -> None:
        """`library` are the texts of std, `bundled` all that the user neither wrote nor looks at."""
        self.context = Context(blame, library, bundled, training)
        #: The values of definitions by the identity of their trees.
        self._definitions: dict[int, Value] = {}

    # ---- names -------------------------------------------------------------------------------------------------------

    def definition(self, name: str, module: Module) -> Value | Absent:
        """What a name means at the top of a file: what the file sees, or a name of the language."""
        found = module.find(name)
        if found is None:
            return language.find(name)
        owner, item = found
        if id(item) not in self._definitions:
            match item:
                case tree.Block():
                    value: Value = BlockValue(owner, item, {})
                case tree.Function():
                    value = FunctionValue(owner, item)
                case tree.Model():
                    value = ModelValue(item.name.id, Sheet(self, owner, item).params)
            self._definitions[id(item)] = value
        return self._definitions[id(item)]

    def _name(self, expr: tree.Name, scope: Scope, choices: tuple[str, ...]) -> Value:
        """A word where one is expected, else what the scope knows."""
        if expr.id in choices:
            return Word(expr.id, choices)
        if expr.id == "training":
            self.context.asked = True
            return self.context.training
        value = scope.lookup(expr.id)
        if value is LATER:
            help = "a size is known once `forward` has met the pattern that names it"
            message = f"`{expr.id}` is the size of an axis that no tensor has shown yet"
            self.context.fail("V0208", message, expr.span, help=help)
        if value is MISSING:
            if choices is ANY_WORD:
                return Word(expr.id, known=tuple(scope.known()))
            raise language.unknown(expr, scope.known(), words=choices)
        return value

    # ---- expressions -------------------------------------------------------------------------------------------------

    def evaluate(self, expr: tree.Expr, scope: Scope, words: tuple[str, ...] = ()) -> Value:
        """The value of an expression; where one of `words` is expected, a bare name is one."""
        context = self.context
        context.step(expr.span)
        match expr:
            case tree.Name():
                return self._name(expr, scope, words)
            case tree.Number():
                return wrapped(context.bounded(expr.value, expr.span), Written(expr.span))
            case tree.Constant() | tree.String():
                return expr.value
            case tree.Shape():
                return Shape(tuple(wrapped(size, Written(expr.span)) for size in expr.dims))
            case tree.Unit():
                return context.fail("V0305", f"`{expr.span.text}` has a meaning in `train` only", expr.span)
            case _:
                return context.nested(expr.span, self._compound, expr, scope, words)

    def _compound(self, expr: tree.Expr, scope: Scope, words: tuple[str, ...]) -> Value:
        """The value of an expression that has others inside."""
        match expr:
            case tree.Binary():
                return self._binary(expr, scope)
            case tree.Call():
                return calls.call(expr, scope)
            case tree.Index():
                return indexing.index(expr, scope)
            case tree.Attribute():
                return self._attribute(expr, scope)
            case tree.List():
                made = [self.evaluate(item, scope, words) for item in expr.items]
                return self.context.bounded(made, place(expr, scope))
            case tree.Conditional():
                chosen = expr.then if self.condition(expr.test, scope) else expr.otherwise
                return self.evaluate(chosen, scope, words)
            case tree.Match():
                return self.evaluate(self._arm(expr, scope), scope, words)
            case tree.Unary():
                return self._unary(expr, scope)
            case tree.Each():
                return self.context.bounded(self._each(expr, scope), place(expr, scope))
            case _:
                raise AssertionError(f"{type(expr).__name__} has no others inside")

    def condition(self, expr: tree.Expr, scope: Scope) -> bool:
        """A condition that holds or not while compiling; fails with V0306 for anything else."""
        value = self.evaluate(expr, scope)
        if not isinstance(value, bool):
            message = f"a condition is true or false while compiling, not {describe(value)}"
            self.context.fail("V0306", message, expr.span, help=hints.comparison(expr, value))
        return value

    def call(self, function: Value, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
        """Calls a value on evaluated arguments; fails with V0312 for what can't be called."""
        return calls.apply(function, args, kwargs, scope, span)

    def _arm(self, expr: tree.Match, scope: Scope) -> tree.Expr:
        """The value of the arm for the subject. `reading` has found what is missing or impossible in the user's texts."""
        subject = self.evaluate(expr.subject, scope)
        name = "none" if subject is None else subject.name if isinstance(subject, Word) else ""
        for arm in expr.arms:
            if any(case.id == name for case in arm.cases):
                return arm.value
        return self.context.fail("V0315", f"no arm is for {describe(subject)}", expr.span)

    def _each(self, expr: tree.Each, scope: Scope) -> list[Value]:
        context, scopes, last = self.context, [scope], None
        for clause in expr.clauses:
            wider: list[Scope] = []
            for inner in scopes:
                turns = self._turns(clause.iterable, inner)
                last = turns[-1] if turns else last
                for i, item in enumerate(turns):
                    context.step(clause.span)
                    wider.append(inner.with_locals(self._loop_names(clause.names, i, item)))
                if len(wider) > MAX_ITEMS:
                    context.too_long(place(clause.iterable, inner), len(wider))
            scopes = wider
        with context.loop(len(scopes), last, place(expr.clauses[0].iterable, scope)):
            if expr.test is not None:
                test = expr.test
                scopes = [inner for inner in scopes if self.condition(test, inner)]
            return [self.evaluate(expr.item, inner) for inner in scopes]

    def _turns(self, expr: tree.Expr, scope: Scope) -> list[Value]:
        """What a `for` goes through."""
        value = self.evaluate(expr, scope)
        found = items(value)
        if found is None:
            self.context.fail("V0307", f"`for` goes through a list, not {describe(value)}", expr.span)
        return found

    def _loop_names(self, names: tuple[tree.Name, ...], index: int, item: Value) -> dict[str, Value]:
        """The names of one turn: the item, or the index and the item."""
        if len(names) > 2:
            message = "`for` takes a name for the item, or one for the index and one for the item"
            self.context.fail("V0307", message, names[2].span)
        values = (item,) if len(names) == 1 else (index, item)
        return {
            n.id: wrapped(v, Name(n.id, "turn", v, n.span)) if is_number(v) else v
            for n, v in zip(names, values, strict=True)
        }

    # ---- operators ---------------------------------------------------------------------------------------------------

    def _unary(self, expr: tree.Unary, scope: Scope) -> Value:
        value = self.evaluate(expr.operand, scope)
        if isinstance(value, Tensor):
            op = "logical_not" if expr.op == "not" else "neg"
            return emit(scope, op, (value,), {}, place(expr, scope, loose=True))
        if expr.op == "not":
            if not isinstance(value, bool):
                message = f"`not` takes true or false, not {describe(value)}"
                self.context.fail("V0306", message, expr.operand.span)
            return not value
        if not is_number(value):
            self.context.fail("V0308", f"`-` takes a number or a tensor, not {describe(value)}", expr.span)
        return applied(-value, "-", value, span=expr.span)

    def _binary(self, expr: tree.Binary, scope: Scope) -> Value:
        context = self.context
        if expr.op in ("and", "or"):
            return self._logical(expr, scope)
        if expr.op == "..":
            return self._range(expr, scope)
        left, right = self._sides(expr, scope)
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return context.bounded(arithmetic(context, expr.op, left, right, expr.span), place(expr, scope))
        if expr.op in ("==", "!=") and (left is None or right is None):
            return expr.op == "!="
        bad: Value = None
        if isinstance(left, (Tensor, int, float)):
            if isinstance(right, (Tensor, int, float)):
                if expr.op in _tensor_ops():
                    return emit(scope, _tensor_ops()[expr.op], (left, right), {}, place(expr, scope, loose=True))
            else:
                bad = right
        else:
            bad = left
        message = f"`{expr.op}` does not go with {describe(bad)} and a tensor"
        return context.fail("V0308", message, expr.span)

    def _sides(self, expr: tree.Binary, scope: Scope) -> tuple[Value, Value]:
        """Both operands; a bare name compared with a word is one of its choices."""
        if expr.op not in ("==", "!=", "in", "not in"):
            return self.evaluate(expr.left, scope), self.evaluate(expr.right, scope)
        chosen = _choices(expr.right, scope)  # `token == pool` reads as `pool == token` does
        left = self.evaluate(expr.left, scope, chosen)
        choices = left.choices if isinstance(left, Word) and not chosen else _choices(expr.left, scope)
        return left, self.evaluate(expr.right, scope, choices)

    def _logical(self, expr: tree.Binary, scope: Scope) -> Value:
        left = self.evaluate(expr.left, scope)
        if not isinstance(left, (bool, Tensor)):
            self.context.fail("V0306", f"`{expr.op}` takes true or false, not {describe(left)}", expr.left.span)
        if isinstance(left, bool) and left is (expr.op == "or"):
            return left
        right = self.evaluate(expr.right, scope)
        if not isinstance(right, (bool, Tensor)):
            self.context.fail("V0306", f"`{expr.op}` takes true or false, not {describe(right)}", expr.right.span)
        if isinstance(left, bool):
            return right
        return emit(scope, _tensor_ops()[expr.op], (left, right), {}, place(expr, scope, loose=True))

    def _range(self, expr: tree.Binary, scope: Scope) -> Value:
        ends: list[int] = []
        for side in (expr.left, expr.right):
            end = self.evaluate(side, scope)
            if not is_int(end):
                message = f"a range goes from an integer to an integer, not {describe(end)}"
                self.context.fail("V0308", message, side.span)
            ends.append(end)
        if ends[1] - ends[0] > MAX_ITEMS:
            self.context.too_long(place(expr, scope), ends[1] - ends[0])
        found = list[Value](applied(i, "..", *ends, i, span=expr.span) for i in range(*ends))
        return self.context.bounded(found, place(expr, scope))

    def _attribute(self, expr: tree.Attribute, scope: Scope) -> Value:
        base, name = expr.base, expr.name.id
        if isinstance(base, tree.Name) and foreign.stands_alone(base.id) and scope.lookup(base.id) is MISSING:
            raise language.unknown(base, (), expr.name)
        value = self.evaluate(base, scope)
        if isinstance(value, ModelValue):
            if name not in value.params:
                help = suggestion(name, value.params)
                self.context.fail("V0202", f"model `{value.name}` has no `{name}`", expr.name.span, help=help)
            return value.params[name].get()
        if isinstance(value, Shape) and (size := value.side(name)) is not None:
            return size
        if is_int(value) and name in ("h", "w"):
            return value  # a number where a shape could be is a square
        help = "a shape has .h, .w and .c" if isinstance(value, Shape) else ""
        if isinstance(value, Tensor):
            help = hints.of_a_tensor(base, name)
        return self.context.fail("V0202", f"{describe(value)} has no `.{name}`", expr.name.span, help=help)

    # ---- statements --------------------------------------------------------------------------------------------------

    def execute(self, body: tuple[tree.Stmt, ...], scope: Scope, span: Span) -> Outcome:
        """Runs statements to their `return`; fails with V0408 where there is none."""
        outcome = self._run(body, scope)
        if outcome is None:
            self.context.fail("V0408", "nothing is returned here", span, help="end with `return`")
        return outcome

    def _run(self, body: tuple[tree.Stmt, ...], scope: Scope) -> Outcome | None:
        for statement in body:
            self.context.step(statement.span)
            outcome: Outcome | None = None
            match statement:
                case tree.Let():
                    self._let(statement, scope)
                case tree.Expect():
                    expect(statement, scope)
                case tree.If() | tree.For():
                    outcome = self.context.nested(statement.span, self._inner, statement, scope)
                case tree.Return():
                    return self._return(statement, scope)
            if outcome is not None:
                return outcome
        return None

    def _inner(self, statement: tree.If | tree.For, scope: Scope) -> Outcome | None:
        """Runs the statements inside of one."""
        if isinstance(statement, tree.If):
            return self._run(statement.then if self.condition(statement.test, scope) else statement.otherwise, scope)
        turns = self._turns(statement.iterable, scope)
        with self.context.loop(len(turns), turns[-1] if turns else None, place(statement.iterable, scope)):
            for index, item in enumerate(turns):
                for name, value in self._loop_names(statement.names, index, item).items():
                    scope.let(name, value)
                outcome = self._run(statement.body, scope)
                if outcome is not None:
                    return outcome
        return None

    def _return(self, statement: tree.Return, scope: Scope) -> Outcome:
        values = tuple(self.evaluate(result.value, scope) for result in statement.results)
        names = tuple(result.name for result in statement.results if result.name)
        if names and len(names) < len(values):
            self.context.fail("V0404", "either all results have names or none", names[0].span)
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twice is not None:
            self.context.fail("V0204", f"two results are called `{twice.id}`", twice.span)
        for name, value in zip(names, values, strict=False):
            if isinstance(value, tuple):
                self.context.fail("V0404", f"`{name.id}` names {len(value)} results", name.span,
                                  help="take them apart first, `a, b = …`, and name each")  # fmt: skip
        return (values[0] if len(values) == 1 else values), tuple(name.id for name in names)

    def _let(self, statement: tree.Let, scope: Scope) -> None:
        value = self.evaluate(statement.value, scope)
        if isinstance(value, WeightValue):
            help = "write this line above `forward`"
            self.context.fail("V0216", "a weight is bound to a name of its block", statement.value.span, help=help)
        found: Sequence[Value] | None = [value]
        if len(statement.targets) > 1:
            found = members(value)
            if found is None or len(found) != len(statement.targets):
                message = f"{len(statement.targets)} names for {'1 value' if found is None else f'{len(found)} values'}"
                self.context.fail("V0404", message, statement.targets[0].span, label=f"this is {describe(value)}",
                                  help=hints.apart(statement.targets, value))  # fmt: skip
        for target, item in zip(statement.targets, found, strict=True):
            if target.pattern is not None:
                if not isinstance(item, Tensor):
                    message = f"`{target.name.id}` is {describe(item)}, not a tensor"
                    self.context.fail("V0402", message, target.span)
                at = target.span if self.context.own(target.span) else place(statement.value, scope)
                shape_patterns.bind(target.pattern, item, scope, target.name.id, at)
            if isinstance(item, Tensor):
                scope.builder.name(item.value, target.name.id)
            scope.let(target.name.id, item)


def _choices(expr: tree.Expr, scope: Scope) -> tuple[str, ...]:
    """The words a parameter could have held, though now it holds `none` or a number."""
    if not isinstance(expr, tree.Name):
        return ()
    if expr.id in scope.locals:
        value = scope.locals[expr.id]
        return value.choices if isinstance(value, Word) else ()
    thunk = scope.thunk(expr.id)
    return words(thunk.type) if thunk is not None else ()
