"""The syntax tree: one frozen class per construct, each with its span.

Expressions, types, statements and items only say what was written; what it means is `compiler/elaborate`'s business.
Spans take no part in equality, so that `parse(print(tree)) == tree`.
"""

from .expressions import (
    Arg,
    Arm,
    Attribute,
    Binary,
    Bound,
    Call,
    Clause,
    Conditional,
    Constant,
    Each,
    Expr,
    Index,
    Lead,
    List,
    Match,
    Name,
    Node,
    Number,
    Param,
    Pattern,
    Shape,
    Slice,
    String,
    Type,
    Unary,
    Unit,
    Word,
)
from .items import (
    Block,
    File,
    Forward,
    Function,
    Item,
    Lost,
    Model,
    Out,
    Section,
    Use,
)
from .statements import (
    Amend,
    Bind,
    Entry,
    Expect,
    For,
    If,
    Let,
    PatternBind,
    Result,
    Return,
    Stmt,
    Target,
)

__all__ = [
    "Amend", "Arg", "Arm", "Attribute", "Binary", "Bind", "Block", "Bound", "Call", "Clause", "Conditional",
    "Constant", "Each", "Entry", "Expect", "Expr", "File", "For", "Forward", "Function", "If", "Index", "Item",
    "Lead", "Let", "List", "Lost", "Match", "Model", "Name", "Node", "Number", "Out", "Param", "Pattern",
    "PatternBind", "Result", "Return", "Section", "Shape", "Slice", "Stmt", "String", "Target", "Type", "Unary",
    "Unit", "Use", "Word",
]  # fmt: skip
