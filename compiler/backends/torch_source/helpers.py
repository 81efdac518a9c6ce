"""Functions that printed code defines for itself, as text: what torch has no function for."""

FUNCTIONS = {
    "stochastic_depth": '''
def stochastic_depth(x: Tensor, rate: float, training: bool) -> Tensor:
    """Leaves x out for a random share of the samples (Huang et al. 2016)."""
    if not training or rate == 0.0:
        return x
    keep = torch.rand([x.shape[0]] + [1] * (x.dim() - 1), device=x.device) >= rate
    return x * keep.to(x.dtype) / (1.0 - rate)
''',
    "random_subset": '''
def random_subset(like: Tensor, n: int, k: int, training: bool) -> Tensor:
    """Draws k of n places for each sample; at inference these are the first."""
    if not training:
        return torch.arange(k, device=like.device).expand(like.shape[0], k)
    return torch.rand(like.shape[0], n, device=like.device).argsort(1)[:, :k]
''',
}

LOAD = '''
    @classmethod
    def load(cls, path: str) -> "Model":
        """The model with the weights of a `.safetensors` file, ready for inference."""
        from safetensors.torch import load_file

        model = cls()
        model.load_state_dict(load_file(path))
        return model.eval()
'''

#: The same where layers are shared: the file has their weights under their first name only.
LOAD_SHARED = LOAD.replace("import load_file", "import load_model").replace(
    "model.load_state_dict(load_file(path))", "load_model(model, path)"
)


def used(body: str) -> str:
    """The functions that a text calls."""
    return "".join(f"{text}\n\n" for name, text in FUNCTIONS.items() if f"{name}(" in body)
