"""Small well-typed `.vit` models, drawn: every op, every construct. Sizes are tiny, numbers stay near 1."""

from dataclasses import dataclass, field
from math import prod
from random import Random

from hypothesis import strategies as st

Shape = tuple[int, ...]
#: No tensor has more elements than this, or more axes than that.
ELEMENTS, RANK = 400, 4


@dataclass(frozen=True)
class Var:
    """A tensor of the text: its name, written axes, element type, and whether it depends on the input."""

    name: str
    shape: Shape
    dtype: str = "float"
    sample: bool = True


@dataclass
class Body:
    """A block being written: what is bound in it, the statements of `forward`, the tensors so far."""

    rng: Random
    program: "Program"
    vars: list[Var]
    depth: int = 0
    binds: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    #: Layers that may be called again: the start of the call, the type they were made for, what they give.
    layers: list[tuple[str, Var, Var]] = field(default_factory=list)

    def name(self, letter: str = "v") -> str:
        self.program.count += 1
        return f"{letter}{self.program.count}"

    def pick(self, accept=lambda v: True, dtype: str = "float") -> Var:
        """A tensor of a kind; raises `IndexError` where there is none, and the production is given up."""
        found = [v for v in self.vars if v.dtype == dtype and accept(v)]
        if not found:
            raise IndexError
        var = found[max(self.rng.randrange(len(found)), self.rng.randrange(len(found)))]
        self.read.add(var.name)
        return var

    def let(self, text: str, shape: Shape, dtype: str = "float", sample: bool = True) -> Var:
        """`v3 = text`, with its sizes written now and then."""
        if prod(shape) > ELEMENTS or len(shape) > RANK:
            raise IndexError
        var = Var(self.name(), tuple(shape), dtype, sample)
        sizes = f": [{', '.join(map(str, shape))}]" if self.rng.random() < 0.2 else ""
        self.lines.append(f"{var.name}{sizes} = {text}")
        self.vars.append(var)
        return var

    def bind(self, text: str, letter: str = "w") -> str:
        name = self.name(letter)
        self.binds.append(f"{name} = {text}")
        return name

    def number(self, low: float = -2, high: float = 2) -> float:
        return round(self.rng.uniform(low, high), 2)

    def flag(self) -> str:
        return self.rng.choice(["true", "false"])

    def grow(self, steps: int) -> None:
        """As many statements, where something fits."""
        from vitc.tests.random_programs.productions import PRODUCTIONS

        for _ in range(steps):
            made = self.rng.choice(PRODUCTIONS)
            before, read = (len(self.lines), len(self.binds), len(self.vars)), set(self.read)
            try:
                made(self)
            except IndexError:  # nothing here fits: the half-written statement goes
                del self.lines[before[0] :], self.binds[before[1] :], self.vars[before[2] :]
                self.read = read

    def as_float(self, var: Var) -> str:
        return {"float": var.name, "int": f"{var.name} * 0.1", "bool": f"where({var.name}, 1.0, 0.25)"}[var.dtype]

    def unread(self) -> list[Var]:
        return [v for v in self.vars if v.name not in self.read]

    def text(self, head: str, results: list[str]) -> str:
        inside = "\n".join(f"  {line}" for line in self.binds)
        body = "\n".join(f"    {line}" for line in [*self.lines, f"return {', '.join(results)}"])
        return f"{head}\n{inside}\n  forward(SIGNATURE) {{\n{body}\n  }}\n}}\n"


@dataclass
class Program:
    """A file being written."""

    rng: Random
    count: int = 0
    definitions: list[str] = field(default_factory=list)
    #: Blocks whose `forward` takes a second tensor.
    optional: set[str] = field(default_factory=set)

    def block(self, x: Var, steps: int, depth: int, *, same: bool) -> tuple[str, Var]:
        """A block that takes a tensor like x; with `same` it gives one like it. Its name and its result."""
        body = Body(self.rng, self, [], depth)
        name = body.name("b")
        dims = self.rng.choice([[f"S{name}{i}" for i in range(len(x.shape))], [*map(str, x.shape)]])
        wide = bool(dims) and self.rng.random() < 0.3
        pattern = ", ".join(["..", *dims[-1:]] if wide else dims)
        given = Var("x", x.shape, x.dtype, x.sample)
        body.vars.append(given)
        optional = self.rng.random() < 0.4
        self.optional |= {name} if optional else set()
        body.lines += ["if extra != none { x = x + extra }"] * optional + ["x = x * scale"]
        if self.rng.random() < 0.4:
            body.binds.append("act = act")
            body.lines.append("x = act(x)")
        body.grow(steps)
        total = collected(body)
        out = Var("", x.shape if same else total.shape, "float", x.sample or total.sample)
        one = f"mean({total.name}, axis = -1)" if total.shape else total.name
        result = f"x * 0.5 + {one}" if same else total.name
        head = f"block {name}(scale = 1.0, width: int > 0 = 3, act: block = gelu) {{"
        signature = f"x: [{pattern}]" + (f", extra: [{pattern}] | none = none" if optional else "")
        self.definitions.append(body.text(head, [result]).replace("SIGNATURE", signature))
        return name, out

    def model(self, steps: int) -> str:
        """The whole text."""
        rng = self.rng
        c, h, w, classes = rng.randint(1, 3), rng.randint(2, 6), rng.randint(2, 6), rng.randint(1, 4)
        body = Body(rng, self, [Var("image", (c, h, w))])
        body.grow(steps)
        total = collected(body)
        if not total.sample:
            total = body.let(f"{total.name} + mean(image, axis = [-1, -2, -3])", total.shape)
        if not total.shape:
            total = body.let(f"stack([{total.name}, 2.0 * {total.name}])", (2,))
        head = body.bind(f"linear({classes})", "head")
        several = rng.random() < 0.2
        results = [f"logits = {head}({total.name})", f"aux = {total.name}"] if several else [f"{head}({total.name})"]
        text = body.text(f"block net(image: shape = {h}x{w}x{c}, depth = 2, mode: up | down = up) {{", results)
        text = text.replace("SIGNATURE", f"image: [{c}, {h}, {w}]")
        sheet = rng.choice(["", " { depth = 3 }", " { mode = down, depth = 1 }"])
        uses = 'use "rope.vit"\n' if "rotate(" in text else ""
        return "\n".join(["vit 1", uses, *self.definitions, text, f"model m = net{sheet}\n"])


def collected(body: Body) -> Var:
    """All that nothing has read yet, each brought to one axis of at most 4 or none, added up."""
    parts: list[tuple[str, int, bool]] = []
    for var in body.unread() or body.vars[-1:]:
        text, shape = body.as_float(var), var.shape
        if len(shape) > 1:
            axes = ", ".join(str(-i) for i in range(2, len(shape) + 1))
            text, shape = f"mean({text}, axis = [{axes}])", shape[-1:]
        parts.append((text, shape[0] if shape else 0, var.sample))
    width = max(n for _, n, _ in parts)
    terms = [t if n in (0, width) else f"mean({t}, axis = -1)" for t, n, _ in parts]
    for var in body.vars:
        body.read.add(var.name)
    return body.let(" + ".join(f"({t})" for t in terms), (width,) if width else (), sample=any(s for *_, s in parts))


#: The text of a model called `m`. Hypothesis makes a failing one shorter by its number of statements; which statements
#: they are comes from a seed, as its own choices would favour the first productions of the list.
programs = st.builds(lambda seed, steps: Program(Random(seed)).model(steps), st.integers(0, 2**32), st.integers(3, 14))
