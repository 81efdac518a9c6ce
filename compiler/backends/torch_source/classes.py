"""A group of layers as the text of one `nn.Module` class."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Child, Layer, WeightSpec
from . import tables
from .bodies import Surroundings, safe, statements, tidy
from .groups import Group, handed
from .modules import member
from .templates import Path, Text, filled


class Names:
    """Names at the top of the file: of classes and of functions that compute tables, the latter by their text."""

    def __init__(self) -> None:
        self.classes: dict[Group, str] = {}
        self.functions: dict[str, tuple[str, str]] = {}

    def taken(self, name: str) -> bool:
        """Whether something at the top has the name."""
        return name in self.classes.values() or name in (n for n, _ in self.functions.values())

    def function(self, title: str, parameters: Sequence[str], lines: Sequence[str]) -> str:
        """The call of a function with this body, written once."""
        inside = "\n".join(f"    {line}" for line in lines)
        signature = ", ".join(f"{name}: int" for name in parameters)
        key = f"({signature}) -> Tensor:\n{inside}\n"
        if key not in self.functions:
            name, index = safe(title, lambda n: False), 1
            while self.taken(name):
                index += 1
                name = f"{title}{index}"
            self.functions[key] = (name, f"def {name}{key}")
        return f"{self.functions[key][0]}({', '.join(parameters)})"


class ClassPrinter:
    """Prints one class."""

    def __init__(self, group: Group, names: Names) -> None:
        self.group, self.names, self.layer = group, names, group.layer
        found = tables.named(self.layer)
        self.tables = [found[graph] for graph in self.layer.bodies + self._train()]

    def _train(self) -> tuple[Graph, ...]:
        return self.layer.train if self.group.description["train"] else ()

    def text(self) -> str:
        """The class."""
        methods = self._methods()
        init = self._init()
        name = self.names.classes[self.group]
        lines = [f"class {name}(nn.Module):", f'    """{self._summary()}"""', ""]
        buffers = [n for found in self.tables for n in found.values()]
        buffers += [n for n, spec in self.layer.weights.items() if not spec.trainable]
        lines += [f"    {n}: Tensor" for n in dict.fromkeys(buffers)] + ([""] if buffers else [])
        arguments = "".join(f", {n}: {self._class(path)}" for path, n in _once(handed(self.layer)))
        arguments += "".join(f", {n}: {_type(v[0])}" for n, v in self.group.arguments.vectors.items())
        if init or arguments:
            lines += [f"    def __init__(self{arguments}) -> None:", "        super().__init__()"]
            used = re.findall(r"\bself\.(\w+)", "\n".join(methods))
            lines += [f"        self.{n} = {n}" for n in self.group.arguments.vectors if n in used]
            lines += [f"        {line}" for line in init] + [""]
        return "\n".join(lines + [f"    {line}" if line else "" for line in methods]) + "\n"

    def _summary(self) -> str:
        body = self.layer.bodies[0]
        inputs = [self._shape("in", i, 0, 0) for i in range(len(body.inputs))]
        outputs = [self._result_shape(value) for value in body.outputs]
        return f"`{self.layer.kind}`: {', '.join(inputs)} -> {', '.join(outputs)}"

    # ---- __init__ ----------------------------------------------------------------------------------------------------

    def _init(self) -> list[str]:
        lines = [self._weight(name) for name in self.layer.weights]
        for name, child in filled(self.group.description["children"], self.group.texts, ("children",)).items():
            lines.append(f"self.{name} = {self._child(name, child)}")
            lines += self._chosen(f"self.{name}", child, ("children", name), self.layer.children[name])
        seen: set[str] = set()
        for number, (graph, found) in enumerate(zip(self.layer.bodies + self._train(), self.tables, strict=True)):
            for value, name in found.items():
                if name not in seen:
                    seen.add(name)
                    table = self._table(graph, number, value, name)
                    lines.append(f'self.register_buffer("{name}", {table}, persistent=False)')
        return [tidy_statement(line) for line in lines]

    def _class(self, path: str) -> str:
        """The class of the layer at a path."""
        child = member(self.layer, path.partition(".")[0])
        for name in path.split(".")[1:]:
            child = child[int(name)] if isinstance(child, tuple) else child.children[name]  # type: ignore[union-attr] -- a path that exists
        return next((name for g, name in self.names.classes.items() if child in g.index), "nn.Module")

    def _weight(self, name: str) -> str:
        spec = self.layer.weights[name]
        described = filled(self.group.description["weights"][name], self.group.texts, ("weights", name))
        value = self._drawn(described, name, spec, ("weights", name))
        if spec.trainable:
            return f"self.{name} = nn.Parameter({value})"
        return f'self.register_buffer("{name}", {value})'

    def _chosen(self, target: str, child: Any, path: Path, layer: Child) -> list[str]:
        """Weights of ops that start as the section `init` says."""
        if child is None or layer is None or "class" in child or "handed" in child:
            return []
        lines: list[str] = []
        if "kind" in child and isinstance(layer, Layer):
            for name, described in child["chosen"].items():
                value = self._drawn(described, name, layer.weights[name], (*path, "chosen", name))
                lines.append(f"{target}.{name} = nn.Parameter({value})")
        elif isinstance(layer, tuple):
            at, runs = 0, child["runs"]
            named = any(run is None or "kind" in run for run in runs)
            for index, run in enumerate(runs):
                inner = f'{target}["{at}"]' if named else f"{target}[{at}]"
                lines += self._chosen(inner, run, (*path, "runs", index), layer[at])
                count = run["count"] if run is not None and "cycle" in run else 1
                if isinstance(
                    count, str
                ):  # a number of the instance: what stands behind it has no place that can be printed
                    break
                at += count * len(run["cycle"]) if run is not None and "cycle" in run else 1
        return lines

    def _drawn(self, described: Mapping[str, Any], name: str, spec: WeightSpec, path: Path) -> str:
        """A tensor drawn by its rule."""
        init: Any = described["init"]
        shape = ", ".join(map(str, described["shape"]))
        if isinstance(init, (int, float, str)):
            if init in (0.0, 1.0):
                return f"torch.{'ones' if init else 'zeros'}({shape})"
            return f"torch.full(({shape},), {init!r})"
        if "nodes" in init:
            graph = spec.init.graph  # type: ignore[union-attr] -- a Table, as its description says
            return self._function(graph, (*path, "init", "nodes"), f"initial_{name}", {})
        args: list[Any] = [*init["args"].values()]
        if init["kind"] == "uniform":
            return f"torch.empty({shape}).uniform_({args[0]}, {args[1]})"
        if init["kind"] == "normal":
            return f"{args[0]} * torch.randn({shape})"
        cut = 2 * args[0] if isinstance(args[0], float) else f"2 * {args[0]}"
        return f"nn.init.trunc_normal_(torch.empty({shape}), std={args[0]}, a=-{cut}, b={cut})"

    def _child(self, path: str, child: Any) -> str:
        if "handed" in child:
            return child["handed"]
        if "class" in child:
            return self._instance(child)
        if "runs" in child:
            return self._list(path, child["runs"])
        module = ops.get(child["kind"]).torch_module(child["attrs"], child["weights"])
        assert module is not None
        return module

    def _instance(self, child: Mapping[str, Any]) -> str:
        modules = [f"{name}={source}" for name, source in child["modules"]]
        args = ", ".join(modules + [f"{name}={value!r}" for name, value in child["args"].items()])
        return f"{self.names.classes[child['class']]}({args})"

    def _list(self, path: str, runs: Sequence[Any]) -> str:
        if any(run is None for run in runs) or any(run is not None and "kind" in run for run in runs):
            members = [f'"{i}": {self._child(f"{path}.{i}", run)}' for i, run in enumerate(runs) if run is not None]
            return f"nn.ModuleDict({{{', '.join(members)}}})"
        parts = [self._cycle(run) if "cycle" in run else self._child(path, run) for run in runs]
        if self._chained(path):
            return f"nn.Sequential({', '.join(parts)})"
        if len(parts) == 1 and parts[0].startswith("*"):
            return f"nn.ModuleList({parts[0][1:]})"
        return f"nn.ModuleList([{', '.join(parts)}])"

    def _cycle(self, run: Mapping[str, Any]) -> str:
        """Members that repeat, as a comprehension."""
        members = [self._instance(part) for part in run["cycle"]]
        if run["count"] == 1:
            return ", ".join(re.sub(r"\bi\b", "0", member) for member in members)
        index = "i" if any(re.search(r"\bi\b", member) for member in members) else "_"
        if len(members) == 1:
            return f"*[{members[0]} for {index} in range({run['count']})]"
        return f"*[layer for {index} in range({run['count']}) for layer in ({', '.join(members)})]"

    def _chained(self, path: str) -> bool:
        """Whether a list is only ever run on one tensor from its first member to its last."""
        nodes = [n for g in self.layer.bodies + self._train() for n in g.nodes if n.layer.split(".")[0] == path]
        return all(n.layer == path and len(n.inputs) == len(n.outputs) == 1 for n in nodes)

    # ---- tables ------------------------------------------------------------------------------------------------------

    def _table(self, graph: Graph, number: int, value: Value, name: str) -> str:
        path = self._path(number)
        return self._function(tables.subgraph(graph, value), path, name, {n: i for i, n in enumerate(graph.nodes)})

    def _function(self, graph: Graph, path: Path, name: str, index: Mapping[Node, int]) -> str:
        """The call that computes a table; a single expression stands in its place."""
        at = [index.get(node, i) for i, node in enumerate(graph.nodes)]
        around = Surroundings(
            attrs=lambda i: self._attrs((*path, at[i], "attrs"), graph.nodes[i]),
            stored=lambda node: "",
            module=lambda node: "",
            table=lambda value: None,
            call=lambda node, args: "",
            loop=lambda node: ("", ""),
            shape=lambda i, out: self._dims(graph.nodes[i].outputs[out]),
            taken=lambda n: n in self.group.arguments.vectors,
        )
        (out,) = graph.outputs
        lines = statements(graph, (), around, "{}.float()" if out.type.dtype == "float" else "{}")
        if len(lines) == 1 and len(lines[0]) < 80:
            return lines[0].removeprefix("return ")
        parameters = [n for n in self.group.arguments.vectors if re.search(rf"\b{n}\b", "\n".join(lines))]
        return self.names.function(name, parameters, lines)

    # ---- forward -----------------------------------------------------------------------------------------------------

    def _path(self, number: int) -> Path:
        count = len(self.layer.bodies)
        return ("bodies", number) if number < count else ("train", number - count)

    def _methods(self) -> list[str]:
        texts = [self._forward(number) for number in range(len(self.layer.bodies))]
        lines: list[str] = []
        for number, (signature, body) in enumerate(texts):
            if number == 0 or body != texts[0][1]:
                name = f"forward{number}" if number else "forward"
                lines += ["", *signature_lines(name, signature), *(f"    {line}" for line in body)]
        return lines[1:]

    def method(self, variant: int) -> str:
        """How the body for these argument types is called: empty for plain `forward`."""
        first = self._forward(0)[1]
        return f".forward{variant}" if variant and self._forward(variant)[1] != first else ""

    def _forward(self, number: int) -> tuple[str, list[str]]:
        graph = self.layer.bodies[number]
        parameters = self._parameters(graph)
        lines = self._statements(number, parameters)
        if self._train():
            training = self._statements(len(self.layer.bodies) + number, parameters)
            lines = ["if self.training:", *(f"    {line}" for line in training), *lines]
        inputs = "".join(f", {name}: Tensor" for name in parameters)
        count = len(graph.outputs)
        result = "Tensor" if count == 1 else f"tuple[{', '.join(['Tensor'] * count)}]"
        return f"self{inputs}) -> {result}:", lines

    def _parameters(self, graph: Graph) -> list[str]:
        names: list[str] = []
        for value in graph.inputs:
            name = safe(value.name or "x", self.names.taken)
            names.append(name if name not in names else f"{name}{len(names)}")
        return names

    def _statements(self, number: int, parameters: Sequence[str]) -> list[str]:
        graph = (self.layer.bodies + self._train())[number]
        found, path = self.tables[number], self._path(number)
        around = Surroundings(
            attrs=lambda i: self._own(self._attrs((*path, i, "attrs"), graph.nodes[i])),
            stored=lambda node: f"self.{node.attrs['name']}",
            table=lambda value: f"self.{found[value]}" if value in found else None,
            module=lambda node: self._module(node.layer),
            call=self._call,
            loop=self._loop,
            shape=lambda i, out: self._shape(*path, i, out),
            taken=self.names.taken,
        )
        return statements(graph, parameters, around)

    def _attrs(self, path: Path, node: Node) -> Mapping[str, Any]:
        described: Any = self.group.description
        for part in path:
            described = described[part]
        return {**node.attrs, **filled(described, self.group.texts, path)} if node.op != "constant" else node.attrs

    def _own(self, value: Any) -> Any:
        """Expressions over arguments as they stand outside of the constructor."""
        if isinstance(value, Mapping):
            return {key: self._own(item) for key, item in value.items()}  # type: ignore[reportUnknownVariableType]
        if isinstance(value, tuple):
            return tuple(self._own(item) for item in value)  # type: ignore[reportUnknownVariableType]
        if not isinstance(value, Text):
            return value
        for name in self.group.arguments.vectors:
            value = Text(re.sub(rf"(?<![.\w]){name}\b", f"self.{name}", value))
        return value

    def _call(self, node: Node, args: Sequence[str]) -> str | None:
        path = node.layer
        child = member(self.layer, path)
        inside = ", ".join(args)
        if isinstance(child, tuple) and not self._chained(path.split(".")[0]):
            return None
        return f"{self._module(path)}{self._variant(node, child)}({inside})"

    def _module(self, path: str) -> str:
        """The attribute that holds a layer."""
        first, *rest = path.split(".")
        plain = not rest or all(isinstance(m, Layer) and not m.is_op for m in _flat(self.layer.children[first]))
        return f"self.{first}" + "".join(f"[{i}]" if plain else f'["{i}"]' for i in rest)

    def _variant(self, node: Node, child: Any) -> str:
        if not isinstance(child, Layer) or child.is_op or not node.attrs.get("variant"):
            return ""
        owner = next(g for g in self.names.classes if child in g.index)
        return ClassPrinter(owner, self.names).method(node.attrs["variant"])

    def _loop(self, node: Node) -> tuple[str, str]:
        first, *rest = node.layer.split(".")
        listing = f"self.{first}" + "".join(f"[{i}]" for i in rest)
        return listing, first.removesuffix("s") if first.endswith("s") else "layer"

    # ---- comments ----------------------------------------------------------------------------------------------------

    def _shape(self, kind: Any, number: int, index: int, out: int) -> str:
        """The shape of a value over all instances, in numbers and names of the text."""
        values = [_value(layer, kind, number, index, out) for layer in self.group.layers]
        dims = [self._dim(tuple(v.type.shape[i] for v in values)) for i in range(values[0].type.rank)]
        return f"[{', '.join((['B'] if values[0].type.stage == 'sample' else []) + dims)}]"

    def _result_shape(self, value: Value) -> str:
        body = self.layer.bodies[0]
        for index, node in enumerate(body.nodes):
            if value in node.outputs:
                return self._shape("bodies", 0, index, node.outputs.index(value))
        return self._shape("in", body.inputs.index(value), 0, 0)

    def _dim(self, vector: tuple[int, ...]) -> str:
        if len(set(vector)) == 1:
            return str(vector[0])
        known = {**self.group.arguments.vectors, **self.group.arguments.known}
        return next((name for name, values in known.items() if values == vector), "n")

    def _dims(self, value: Value) -> str:
        return f"[{', '.join(map(str, value.type.shape))}]" if len(self.group.layers) == 1 else ""


def _value(layer: Layer, kind: str, number: int, index: int, out: int) -> Value:
    if kind == "in":
        return layer.bodies[0].inputs[number]
    graph = (layer.bodies if kind == "bodies" else layer.train)[number]
    return graph.nodes[index].outputs[out]


def _once(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The first path of every name."""
    return [(path, name) for i, (path, name) in enumerate(names.items()) if name not in list(names.values())[:i]]


def _flat(child: Any) -> list[Any]:
    return [inner for m in child for inner in _flat(m)] if isinstance(child, tuple) else [child]


def _type(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{_type(value[0])}, ...]"  # type: ignore[reportUnknownArgumentType]
    return type(value).__name__


def signature_lines(name: str, rest: str) -> list[str]:
    """The first line of a method."""
    return [f"def {name}({rest}"]


def tidy_statement(line: str) -> str:
    """`self.x = <expression>` or an expression, without brackets that mean nothing."""
    target, found, value = line.partition(" = ")
    return f"{target} = {tidy(value)}" if found and re.fullmatch(r"self(\.\w+|\[[^]]+\])+", target) else tidy(line)
