"""Names that a layer or weight can't have, because Python or `nn.Module` keeps them for itself."""

import keyword

from ...grammar import tree
from .context import Context

#: Public attributes of `torch.nn.Module` (a test compares them with torch), and names that printed code uses.
MODULE = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
        "load",
        "outputs",
        "reset_parameters",
    ]
)


def refuse(context: Context, name: tree.Name) -> None:
    """Fails with V0205 for a reserved name."""
    id = name.id
    if id in MODULE or keyword.iskeyword(id) or id.startswith("_"):
        why = (
            "a keyword of Python"
            if keyword.iskeyword(id)
            else "private"
            if id.startswith("_")
            else "a name of nn.Module"
        )
        context.fail(
            "V0205",
            f"a layer or weight can't be called `{id}`: it is {why}",
            name.span,
            help=f"call it `{id.strip('_')}_layer` or by what it does",
        )
