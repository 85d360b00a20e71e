"""Outputs of notebooks that hold a secret or personal data are refused; what people usually print is not."""

import json
import sys
from pathlib import Path

import pytest

from mlops.errors import Misuse, Refused
from mlops.notebooks import check

SECRETS = {
    "AWS Access Key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub Token": "ghp_" + "1234567890abcdefghijklmnopqrstuvwxyz",
    "Basic Auth Credentials": "https://user:" + "hunter2@store.example.org/x",
    "Azure Storage Account access key": "AccountKey=" + "a1B2" * 21 + "a1==",
    "Private Key": "-----BEGIN RSA PRIVATE " + "KEY-----",
}
PERSONAL = {
    "e-mail address": "applicant: Jane.Doe@agency.gov",
    "phone number": "call +44 20 7946 0958",
    "social security number": "ssn 078-05-1120",
    "bank account number": "GB29 NWBK 6016 1331 9268 19",
    "payment card number": "4111 1111 1111 1111",
}
HARMLESS = [
    "shape: (48842, 15)",
    "A-000001  39  State-gov  77516  Bachelors  13  2174  0  40  United-States  <=50K",
    "2026-01-02 03:04:05.123456+00:00   0.927 [0.921, 0.933]",
    "run 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "write to owner@example.org",
    "| 1000000000 | 12345678901234 | -0.5 | +1.5e-07 |",
]


def notebook(folder: Path, **output: object) -> Path:
    path = folder / "a.ipynb"
    cells = [{"cell_type": "markdown", "source": "AKIA"}, {"cell_type": "code", "source": "", "outputs": [output]}]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.mark.parametrize(("kind", "text"), [*SECRETS.items(), *PERSONAL.items()])
@pytest.mark.parametrize(
    "output",
    [
        lambda text: {"output_type": "stream", "name": "stdout", "text": ["fine\n", f"{text}\n"]},
        lambda text: {"output_type": "execute_result", "data": {"text/html": f"<td>{text}</td>"}},
        lambda text: {"output_type": "error", "ename": "E", "evalue": text, "traceback": []},
    ],
    ids=["stream", "table", "error"],
)
def test_a_poisoned_output_is_refused_with_cell_and_kind_and_without_the_value(kind, text, output, tmp_path):
    path = notebook(tmp_path, **output(text))
    with pytest.raises(Refused) as refusal:
        check([tmp_path])
    assert f"{path}: cell 2: its output holds" in str(refusal.value)
    assert kind in str(refusal.value)
    assert text not in str(refusal.value)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_usually_print_is_not_refused(text, tmp_path):
    notebook(tmp_path, output_type="stream", text=text)
    check([tmp_path])


def test_images_are_not_read_as_text(tmp_path):
    notebook(tmp_path, output_type="display_data", data={"image/png": "AKIA" + "IOSFODNN7EXAMPLE"})
    check([tmp_path])


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"cells": 1}', '{"cells": [1]}', None])
def test_what_is_no_notebook_is_named(content, tmp_path):
    path = tmp_path / "a.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misuse, match="is no notebook"):
        check([path])


def test_as_a_command_it_prints_sentences_and_exits_with_the_status_of_a_refusal(reference, tmp_path):
    path = notebook(tmp_path, output_type="stream", text=PERSONAL["e-mail address"])
    refused = reference.run(sys.executable, "-m", "mlops.notebooks", path)
    assert (refused.returncode, "e-mail address" in refused.stderr) == (1, True)
    assert "Traceback" not in refused.stderr
    assert reference.run(sys.executable, "-m", "mlops.notebooks", reference.path / "notebooks").returncode == 0
