"""How answers get into files of a format without changing its meaning."""

import json
import re
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension


def dumps(value: Any, **options: Any) -> str:
    """JSON that YAML and TOML read as the same text: neither joins the surrogate pairs of JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False, **options)
    return text.encode("utf-8", "backslashreplace").decode()


def markdown(text: str) -> str:
    """The text, to stand at the start of a line, with everything escaped that Markdown or HTML would act on."""
    escaped = re.sub(r"[\\`*_{}\[\]<>#|~&$!]", r"\\\g<0>", text)
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", escaped)


class Text(Extension):
    """The filter `markdown`, and a `tojson` that is right in JSON, YAML and TOML alike."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.policies["json.dumps_function"] = dumps
        environment.filters["markdown"] = markdown
