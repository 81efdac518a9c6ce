"""The tables of the LALR parser, kept as JSON beside the grammar: building them takes longer than all the rest of a check.

`python -m vitc.grammar.tables` writes them anew; a test holds that they are what the grammar gives.
"""

import json
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path
from typing import Any

from lark import Lark, Token, __version__
from lark.grammar import Rule
from lark.lexer import TerminalDef

from .layout import Layout

_HERE = Path(__file__).parent
_JSON = _HERE / "vit.json"


def build(*, strict: bool = False) -> Lark:
    """The parser from the grammar; `strict` refuses every ambiguity (and needs interegular)."""
    text = (_HERE / "vit.lark").read_text(encoding="utf-8")
    layout: Any = Layout()
    return _light(Lark(text, parser="lalr", lexer="basic", postlex=layout, strict=strict, propagate_positions=True))


def _light(lark: Any) -> Lark:
    """Lets the value pass through rules of one part: each level of precedence has one, and lark measures each time anew."""
    callbacks = lark.parser.parser.parser.callbacks
    for rule in callbacks:
        if rule.options.expand1 and not rule.alias and len(rule.expansion) == 1 and not rule.expansion[0].is_term:
            callbacks[rule] = itemgetter(0)
    return lark


def dumps(parser: Any) -> str:
    """The tables of a parser as JSON, a line for each state, numbered the same in every run."""
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"] = {k: v for k, v in data["options"].items() if k not in ("postlex", "strict")}
    table = data["parser"]["parser"]
    names = sorted(table["tokens"].values())
    states = {
        number: sorted((names.index(table["tokens"][token]), action) for token, action in actions.items())
        for number, actions in table["states"].items()
    }
    new = _order(states, table["start_states"]["start"])
    rows = {new[n]: {t: (k, arg if k else new[arg]) for t, (k, arg) in actions} for n, actions in states.items()}
    table["tokens"] = dict(enumerate(names))
    for key in ("start_states", "end_states"):
        table[key] = {"start": new[table[key]["start"]]}
    table["states"] = {}
    text = json.dumps({"lark": __version__, "data": data, "memo": memo})
    lines = ",\n".join(f'"{n}": {json.dumps(rows[n])}' for n in sorted(rows))
    return text.replace('"states": {}', f'"states": {{\n{lines}\n}}') + "\n"


def _order(states: dict[int, list[Any]], start: int) -> dict[int, int]:
    """A new number for each state: the order in which a walk from the start meets them (lark's depends on hashes)."""
    new = {start: 0}
    queue = [start]
    for number in queue:
        for _, (reduces, target) in states[number]:
            if not reduces and target not in new:
                new[target] = len(new)
                queue.append(target)
    return new


def load() -> Lark:
    """The parser from the JSON; from the grammar where another lark is installed than the one that wrote it."""
    tables = json.loads(_JSON.read_text(encoding="utf-8"), object_pairs_hook=_numbered)
    if tables.pop("lark") != __version__:
        return build()
    return _light(Lark._load_from_dict(**tables, postlex=Layout()))  # type: ignore[reportPrivateUsage] -- what lark's own stand-alone parsers call


def tree(lark: Any, tokens: Iterable[Token]) -> Any:
    """Lark's tree of tokens that are read already; raises `UnexpectedToken`."""
    parser = lark.parse_interactive()
    for token in tokens:
        parser.feed_token(token)
    return parser.feed_eof()


def _numbered(pairs: list[tuple[str, Any]]) -> dict[str | int, Any]:
    """JSON turns the numbers that are keys into texts."""
    return {int(key) if key.isdigit() else key: value for key, value in pairs}


if __name__ == "__main__":
    _JSON.write_text(dumps(build()), encoding="utf-8")
