"""Names of weights as patterns."""

import re


def name_pattern(text: str) -> re.Pattern[str]:
    """`blocks.{i}.norm` as a pattern of names: each `{..}` is a number."""
    return re.compile(r"\d+".join(re.escape(part) for part in re.split(r"\{\w*\}", text)))
