"""The rules of the house: which folder may import which, what the compiler may know, how long a file may be."""

import ast
import inspect
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("diagnostics", "grammar", "compiler", "runtime", "application", "cli", "specs")
SOURCES = [ROOT / "__init__.py", ROOT / "__main__.py", *(p for f in FOLDERS for p in sorted((ROOT / f).rglob("*.py")))]
#: Each may import itself and what stands before it. `specs` holds texts, and scripts that make their data.
STAGES = ("diagnostics", "grammar", "compiler", "runtime", "application", "cli")
#: Inside the compiler: what each part may import besides itself.
PARTS = {
    "plugins": set(),
    "configuration": set(),
    "reserved": set(),
    "ir": {"configuration"},
    "ops": {"plugins", "ir"},
    "evaluate": {"ir", "ops"},
    "flatten": {"ir", "ops"},
    "elaborate": {"configuration", "reserved", "ir", "ops", "evaluate"},
    "passes": {"ir", "ops", "evaluate"},
    "backends": {"plugins", "reserved", "ir", "ops", "evaluate"},
    "report": {"ir", "ops", "evaluate", "flatten"},
    "driver": {"ir", "ops", "evaluate", "flatten", "elaborate", "passes", "backends", "report"},
}
#: Names of families and of their parts, which only texts may know; a word of an identifier counts.
FAMILIES = [
    "vit",
    "deit",
    "beit",
    "cait",
    "xcit",
    "dino",
    "dinov2",
    "dinov3",
    "clip",
    "siglip",
    "eva",
    "eva02",
    "swin",
    "swinv2",
    "mixer",
    "mlpmixer",
    "levit",
    "coat",
    "crossvit",
    "mvit",
    "hiera",
    "maxvit",
    "sam",
    "pvt",
    "twins",
    "convnext",
    "patch",
    "patches",
    "encoder",
    "encoders",
    "classtoken",
    "clstoken",
    "cls",
    "registers",
]
#: The same words in another sense: the extension of a file, the operator Clip, an attribute of nn.Module.
ALLOWED = {
    ("vit", "library.py"),
    ("vit", "bundled.py"),
    ("vit", "overrides.py"),
    ("clip", None),
    ("patches", "reserved.py"),
}
#: Lines of a file: 250 is the aim, but one coherent file reads better than slices that import each other.
LIMIT = 400


def imports(path):
    """The modules of this package that a file imports, as parts of their names below the root, and all others by name."""
    here = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            module = (*base, *(node.module or "").split(".")) if node.module else base
            names = [()] if node.module else [(alias.name,) for alias in node.names]
            for name in names:
                yield tuple(part for part in (*module, *name) if part), node.lineno
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            ):
                if name.split(".")[0] == "vitc":
                    yield tuple(name.split(".")[1:]), node.lineno


def test_imports_run_one_way():
    wrong = []
    for path in SOURCES:
        own = path.relative_to(ROOT).parts
        for target, line in imports(path):
            if own[0] not in STAGES or not target or target[0] not in STAGES:
                continue
            if STAGES.index(target[0]) > STAGES.index(own[0]):
                wrong.append(f"{'/'.join(own)}:{line} imports {'.'.join(target)}")
    assert not wrong, "\n".join(wrong)


def test_imports_inside_the_compiler_run_one_way():
    wrong = []
    for path in (p for p in SOURCES if p.is_relative_to(ROOT / "compiler")):
        own = path.relative_to(ROOT / "compiler").parts[0].removesuffix(".py")
        for target, line in imports(path):
            part = target[1] if target[:1] == ("compiler",) and len(target) > 1 else own
            if own in PARTS and part != own and part not in PARTS[own]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {part}")
    assert not wrong, "\n".join(wrong)


def test_sources_import_each_other_relatively():
    """So that the folder can have any name, and nothing is loaded twice."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert not [n for n in names if n.split(".")[0] in ("vitc", *FOLDERS)], path


def _split(text):
    """CamelCase is several words; `VitError` is the language's, `sliding_window_view` is numpy's."""
    text = text.replace("VitError", "").replace("sliding_window_view", "")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()


def words(path):
    """The words of names and of strings that are no docstrings, with their lines."""
    text = path.read_text(encoding="utf-8")
    docs = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docs.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME or (token.type == tokenize.STRING and token.start[0] not in docs):
            for word in re.findall(r"[a-z]+[0-9]*", _split(token.string)):
                yield word, token.start[0]


@pytest.mark.parametrize("folder", ["elaborate", "ir", "ops"])
def test_the_compiler_knows_tensors_not_transformers(folder):
    found = [
        f"{path.relative_to(ROOT)}:{line} {word}"
        for path in sorted((ROOT / "compiler" / folder).rglob("*.py"))
        for word, line in words(path)
        if word in FAMILIES and not {(word, path.name), (word, None)} & ALLOWED
    ]
    assert not found, "\n".join(found)


def test_no_source_is_longer_than_one_can_read():
    for path in SOURCES:
        name, lines = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8").count("\n")
        assert lines <= LIMIT, f"{name} has {lines} lines"


def test_every_ignore_names_its_rules_and_gives_its_reason():
    ignore, right = (
        r"\b(type|pyright): ?ignore|\bnoqa\b",
        r"(# ((type|pyright): ignore\[[\w, -]+\]|noqa: [A-Z\d, ]+) +)+-- \S.+",
    )
    wrong = [
        f"{path.relative_to(ROOT)}:{token.start[0]} {token.string}"
        for path in [*SOURCES, *(p for folder in ("tests", "bench") for p in sorted((ROOT / folder).rglob("*.py")))]
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        if token.type == tokenize.COMMENT and re.search(ignore, token.string) and not re.fullmatch(right, token.string)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_method_of_an_op_says_what_it_gives():
    """An override has the words of what it overrides, so ruff's D102 is off there."""
    from vitc.compiler import ops

    for op in map(ops.get, ops.names()):
        for name, _ in inspect.getmembers(type(op), inspect.isfunction):
            # getdoc looks at the bases too
            assert name.startswith("_") or inspect.getdoc(getattr(op, name)), f"{op.name}.{name}"


def test_every_pass_opens_with_its_before_and_after():
    from vitc.compiler import passes

    for name in {*passes.LOCAL, *passes.GLOBAL}:
        doc = ast.get_docstring(ast.parse((ROOT / "compiler" / "passes" / f"{name}.py").read_text(encoding="utf-8")))
        assert doc is not None and re.search(r"(\n    \S.*)+\nbecomes(\n    \S.*)+", doc), name


def test_everything_that_is_loaded_is_called_vitc():
    """A file of the repository under a second name would mean two copies of its classes."""
    wrong = [
        (name, file)
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None)) and Path(file).is_relative_to(ROOT)
        and ".venv" not in Path(file).parts and not name.startswith("vitc")
        and not Path(file).is_relative_to(ROOT / "tests")
    ]  # fmt: skip
    assert not wrong


def test_the_front_door_imports_nothing_heavy():
    code = "import sys, vitc; print(sorted(m for m in sys.modules if m.split('.')[0] in ('numpy', 'torch', 'onnx', 'lark', 'pydantic', 'typer', 'socket', 'subprocess')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_reaches_for_the_network_or_a_pickle():
    """No module of the product imports a way to the network; none unpickles (the reader of foreign checkpoints apart, which
    does so only when told to trust a file)."""
    for path in SOURCES:
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [a.name for a in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            )
        }  # fmt: skip
        roots = {name.split(".")[0] for name in names}
        assert not roots & {"socket", "urllib", "http", "requests", "ftplib", "pickle", "dill", "marshal", "shelve"}, (
            path
        )


def test_a_printed_model_imports_torch_and_safetensors_alone(tmp_path):
    import vitc

    vitc.compile("digits", out=tmp_path, to=("torch",), verify=False)
    tree = ast.parse((tmp_path / "model.py").read_text())
    found = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    found |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert found <= {"torch", "math", "safetensors"}


# ---- the elaborator --------------------------------------------------------------------------------------------------

ELABORATE = ROOT / "compiler" / "elaborate"
#: Relative imports inside functions that the elaborator may have.
DEFERRED = 4


def elaborator_imports():
    """The modules of the elaborator that each of its files imports, inside functions too; a package stands for its files."""
    names = {path.relative_to(ELABORATE).with_suffix("").parts: path for path in sorted(ELABORATE.rglob("*.py"))}
    packages = {parts[:-1]: parts for parts in names if parts[-1] == "__init__" and len(parts) > 1}
    for own, path in names.items():
        here = path.relative_to(ROOT).parts[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            base = (*here[: len(here) - node.level + 1], *(node.module or "").split("."))
            inside = tuple(part for part in base[2:] if part)
            if base[:2] != ("compiler", "elaborate"):
                continue
            for target in [(*inside, alias.name) for alias in node.names] + [inside]:
                found = target if target in names else packages.get(target)
                if found is not None and found != own:
                    yield own, found


def test_modules_of_the_elaborator_import_one_way():
    """What needs a value is handed the scope, and with it the interpreter: nothing imports what imports it."""
    below = {}
    for own, found in elaborator_imports():
        below.setdefault(own, set()).add(found)
    assert len(below) > 20
    done, path = set(), []

    def visit(name):
        assert name not in path, "modules import each other: " + " -> ".join("/".join(n) for n in [*path, name])
        if name not in done:
            path.append(name)
            for inner in sorted(below.get(name, ())):
                visit(inner)
            done.add(path.pop())

    for name in sorted(below):
        visit(name)


def test_imports_inside_functions_of_the_elaborator_are_few_and_have_reasons():
    found = []
    for path in ELABORATE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        assert "TYPE_CHECKING" not in text, f"{path.name}: an import for types alone hides a circle"
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, (ast.FunctionDef, ast.Lambda)):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and node.level:
                        assert "#" in lines[node.lineno - 1], f"{path.name}:{node.lineno} gives no reason"
                        found.append(node)
    assert len(found) <= DEFERRED


def test_values_of_the_elaborator_have_types():
    """`Any` says nothing of a value; where it stands, its line says why."""
    for path in ELABORATE.rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            assert not re.search(r"\bAny\b", line.partition("#")[0]) or "#" in line, f"{path.name}:{number}"


def test_numbers_of_the_elaborator_keep_their_origin():
    """`int(x)`, `round(x)` and `float(x)` of Python lose it: they stand inside `applied(...)`, or are about a text."""
    texts = {"int(holes[name])"}
    for path in (ROOT / "compiler" / "elaborate").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kept = {id(part) for node in ast.walk(tree) if _calls(node, "applied") for part in ast.walk(node)}
        lost = [n for n in ast.walk(tree) if _calls(n, "int", "round", "float") and id(n) not in kept]
        assert {ast.unparse(node) for node in lost} <= texts, path


def _calls(node, *names):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
