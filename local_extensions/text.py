"""How answers get into files of a format without changing its meaning."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension

TEMPLATE = Path(__file__).resolve().parents[1]


def dumps(value: Any) -> str:
    """JSON that YAML and TOML read as the same text: neither joins the surrogate pairs of JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def markdown(text: str) -> str:
    """The text, to stand at the start of a line, with everything escaped that Markdown or HTML would act on."""
    escaped = re.sub(r"[\\`*_{}\[\]<>#|~&$!]", r"\\\g<0>", text)
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", escaped)


def in_template(path: str) -> str:
    """Where a path of the template is, wherever cookiecutter was called from."""
    return str(TEMPLATE / path)


def in_days(count: int) -> str:
    """The date so many days after the generation of the project."""
    return str(date.today() + timedelta(days=count))


class Text(Extension):
    """The filters `markdown`, `in_template`, `in_days`, and a `tojson` that is right in JSON, YAML and TOML alike."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["tojson"] = dumps
        environment.filters["in_template"] = in_template
        environment.filters["markdown"] = markdown
        environment.filters["in_days"] = in_days
