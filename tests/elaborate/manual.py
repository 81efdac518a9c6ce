"""What of `docs/language.md` is made from the sources: the table of functions, the tables of the library, the grammar."""

import re
from pathlib import Path

import vitc
from vitc.compiler import ops
from vitc.compiler.elaborate import builtins, language
from vitc.compiler.ops.base import REQUIRED
from vitc.diagnostics.source import Source
from vitc.grammar import tree
from vitc.grammar.docs import doc
from vitc.grammar.parser import parse
from vitc.grammar.printer import print_expression, print_type

ROOT = Path(vitc.__file__).parent
STD = ROOT / "specs" / "std"
#: The files of the library whose definitions have a table; of the others the page lists the names.
TABLES = ("std/std.vit", "std/windows.vit", "std/hierarchy.vit")


def parts():
    """What the page holds between marks, by the names of the marks."""
    found = {f"std/{path.name}": definitions(path) for path in STD.glob("*.vit") if f"std/{path.name}" in TABLES}
    return {"functions": names(), "files": files(), "grammar": f"```ebnf\n{ebnf()}```\n", **found}


def filled(text):
    """The page with every part as the sources have it."""
    for name, made in parts().items():
        mark = f"<!-- {name}: written by the tests with --update -->\n"
        before, _, rest = text.partition(mark)
        assert rest, f"the page has no mark for {name}"
        text = f"{before}{mark}\n{made}\n<!-- end -->{rest.partition('<!-- end -->')[2]}"
    return text


def cell(text):
    return text.replace("|", "\\|")


# ---- the language ----------------------------------------------------------------------------------------------------


def names():
    """A row for each name of the language."""
    return "\n".join(["| name | attributes | meaning |", "|---|---|---|", *map(_name, language.names())]) + "\n"


def _name(name):
    if name in language.CONSTANTS:
        return f"| `{name}` | | {language.CONSTANTS[name][1]} |"
    if name in builtins.FUNCTIONS:
        return f"| `{name}` | | {_first_line(builtins.FUNCTIONS[name])} |"
    op = ops.get(name)
    attrs = [p.name + ("" if p.default is REQUIRED else f" = {_spoken(p.default)}") for p in op.params]
    return f"| `{name}({', '.join(op.inputs)})` | {', '.join(attrs)} | {cell(_first_line(op))} |"


def _first_line(documented):
    return (documented.__doc__ or "").partition("\n")[0]


def _spoken(value):
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "none"}[value]
    return f"{value[0] if isinstance(value, tuple) else value}"


# ---- the library -----------------------------------------------------------------------------------------------------


def read(path):
    return parse(Source(path.name, path.read_text(encoding="utf-8"))).items


def definitions(path):
    """A row for each block and function of a file: what it takes, what goes through it, what can be set besides, what it is."""
    rows = ["| definition | takes and gives | also to be set | |", "|---|---|---|---|"]
    for item in read(path):
        if isinstance(item, tree.Function):
            rows.append(f"| `fn {_call(item)}` | {_type(item.result)} | | {cell(_about(item))} |")
        elif isinstance(item, tree.Block):
            forward = item.forward
            results = ", ".join(print_type(out.type) for out in forward.results)
            shapes = f"`{cell(_params(forward.params))}`" + (f" gives `{cell(results)}`" if results else "")
            about = _about(item)
            declared = {param.name.id for param in item.params}
            binds = [e.name.id for e in item.entries if isinstance(e, tree.Bind) and e.name.id not in declared]
            bound = ", ".join(f"`{name}`" for name in binds)
            rows.append(f"| `{_call(item)}` | {shapes} | {bound} | {cell(about)} |")
    return "\n".join(rows) + "\n"


def _about(item):
    said = doc(item)
    return " ".join([said.text, *(f"`{name}`: {text}." for name, text in said.parameters.items())]).strip()


def _call(item):
    return cell(f"{item.name.id}({_params(item.params)})" if item.params else item.name.id)


def _params(params):
    return ", ".join(
        param.name.id
        + (f": {print_type(param.type)}" if param.type else "")
        + (f" = {print_expression(param.default)}" if param.default else "")
        for param in params
    )


def _type(type):
    return f"gives `{cell(print_type(type))}`" if type else ""


def files():
    """A row for each further file: what it is for, as its first comment says, and what it defines."""
    rows = ["| file | for | defines |", "|---|---|---|"]
    for path in sorted(STD.glob("*.vit")):
        if f"std/{path.name}" not in TABLES:
            lines = path.read_text(encoding="utf-8").split("\n")
            first = next(i for i, line in enumerate(lines) if line.startswith("# "))
            comment = next(line for line in [" ".join(_run(lines[first:]))])
            blocks = [f"`{i.name.id}`" for i in read(path) if isinstance(i, (tree.Block, tree.Function))]
            rows.append(f"| `std/{path.name}` | {cell(comment)} | {', '.join(blocks)} |")
    return "\n".join(rows) + "\n"


def _run(lines):
    for line in lines:
        if not line.startswith("# "):
            return
        yield line[2:]


# ---- the grammar -----------------------------------------------------------------------------------------------------

#: Rules and tokens of `grammar/vit.lark` under names that say more to readers.
_NAMES = {
    "start": "file", "item_": "subscript", "pdim": "axis", "_sep": "separator", "alt": "alternative", "outs": "results",
    "out": "named_type", "or": "disjunction", "and": "conjunction", "not": "negation", "cmp": "comparison", "_NL": "NEWLINE",
    "arg": "argument", "args": "arguments", "expr": "expression", "param": "parameter", "params": "parameters",
    "expr_atom": "number", "each": "comprehension", "let": "assignment", "stmt": "statement",
}  # fmt: skip
_TOKENS = ("CMP", "MUL", "UNIT", "SHAPE", "FLOAT", "INT", "STRING", "NAME")


def ebnf():
    """The rules of the grammar without what only the tree builder reads, then the tokens."""
    text = re.sub(r"^//.*\n", "", (ROOT / "grammar" / "vit.lark").read_text(encoding="utf-8"), flags=re.M)
    found = re.findall(r"^\??(\w+)(?:\.-?\d+)?: ((?:.+\n)(?:[ \t]+.+\n)*)", text, re.M)
    bodies = {name: " ".join(body.split()) for name, body in found}
    signs = {
        name: body for name, body in bodies.items() if name.lstrip("_").isupper() and re.fullmatch(r'"[^"]+"', body)
    }
    rules = [name for name in bodies if not name.lstrip("_").isupper()]
    lines = [line for name in rules for line in _wrapped(f"{_said(name, signs)} = {_said(bodies[name], signs)}")]
    return "\n".join([*lines, *(f"{name} = {bodies[name]}" for name in _TOKENS)]) + "\n"


def _said(body, signs):
    """The body of a rule with its own names for other rules, signs in place of their tokens, and no names of trees."""
    words = re.split(r'("[^"]*")', re.sub(r" -> \w+", "", body))
    words[::2] = [re.sub(r"\w+", lambda m: signs.get(m[0], _NAMES.get(m[0], m[0])), word) for word in words[::2]]
    return "".join(words)


def _wrapped(line):
    """A rule in lines of at most 118 columns, broken before alternatives."""
    if len(line) <= 118:
        return [line]
    found, indent = [""], " " * (line.index(" = ") + 1)
    for piece in re.split(r" (?=\| )", line):
        if found[-1] and len(found[-1]) + 1 + len(piece) > 118:
            found.append(indent + piece)
        else:
            found[-1] += (" " if found[-1] else "") + piece
    return found
