"""The sender against an emulated blob service: all that was written arrives, once, whatever happens on the way."""

import json
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError

import pytest

from mlops.serving import sender as module
from mlops.serving.identity import STORAGE, Token
from mlops.serving.log import Log
from mlops.serving.sender import Sender
from tests.mlops.serving.azure import CLIENT, Blobs
from tests.mlops.serving.logs import Row
from tests.mlops.serving.servers import ROW, command, environment, running
from tests.mlops.serving.spools import idle, now, write


def test_a_file_is_there_under_its_hour_and_instance_and_is_removed(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    text = b"".join(b'{"row": %d}\n' % number for number in range(500_000))
    assert len(text) > module.BLOCK
    file = write(tmp_path, text)
    idle(tmp_path, azure, monkeypatch).send()
    instance = (tmp_path / "instance").readlink()
    assert azure.all("log") == {f"predictions/2026/01/05/09/m0123-20260105T0930-1-{instance}.jsonl": text}
    assert not file.exists()


def test_a_file_that_is_still_written_to_stays_and_goes_on(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    file, sender = write(tmp_path, b"one\n", now()), idle(tmp_path, azure, monkeypatch)
    sender.send()
    sender.send()
    with file.open("ab") as stream:
        stream.write(b"two\n")
    sender.send()
    assert list(azure.all("log").values()) == [b"one\ntwo\n"] and file.exists()


def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    file = write(tmp_path, b"one\n", now())
    idle(tmp_path, azure, monkeypatch).send()
    file.write_bytes(b"one\ntwo\n")
    idle(tmp_path, azure, monkeypatch).send()
    assert list(azure.all("log").values()) == [b"one\ntwo\n"]


def test_instances_do_not_write_to_one_blob(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    for instance in ("a", "b"):
        write(tmp_path / instance, instance.encode())
        idle(tmp_path / instance, azure, monkeypatch).send()
    assert sorted(azure.all("log").values()) == [b"a", b"b"]


def test_sensitive_values_stay_here_unless_they_have_a_container(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    file = write(tmp_path, b"held", kind="sensitive")
    idle(tmp_path, azure, monkeypatch).send()
    assert file.exists() and azure.names("log") == azure.names("restricted") == []
    idle(tmp_path, azure, monkeypatch, MLOPS_SENSITIVE_LOG_URL=f"{azure.url}/restricted").send()
    assert not file.exists() and list(azure.all("restricted").values()) == [b"held"]


def test_without_a_container_nothing_is_sent_and_no_thread_runs(tmp_path: Path) -> None:
    sender = Sender(tmp_path, {})
    assert not sender.thread.is_alive() and not list(tmp_path.iterdir())
    sender.close()


def test_a_token_is_asked_for_as_the_identity_of_the_endpoint_and_kept(
    tmp_path: Path, azure: Blobs, monkeypatch
) -> None:
    for minute in range(3):
        write(tmp_path, b"x", f"m0123-20260105T093{minute}-1.jsonl")
    idle(tmp_path, azure, monkeypatch).send()
    assert [each["clientid"] for each in azure.identity.asked] == [[CLIENT]]


def test_a_token_that_ends_soon_is_asked_for_again(azure: Blobs, monkeypatch) -> None:
    monkeypatch.setattr(azure.identity, "seconds", 200)
    token = Token(azure.environment, STORAGE)
    assert token() and token() and len(azure.identity.asked) == 2


def test_what_is_refused_waits_with_a_sentence_and_is_sent_later(
    tmp_path: Path, azure: Blobs, monkeypatch, capsys
) -> None:
    write(tmp_path, b"patient")
    monkeypatch.setattr(azure.identity, "seconds", -10)
    sender = idle(tmp_path, azure, monkeypatch)
    with pytest.raises(HTTPError):
        sender.send()
    sender.close()
    assert "The inference log was not sent and waits: HTTPError: HTTP Error 403" in capsys.readouterr().err
    monkeypatch.setattr(azure.identity, "seconds", 3600)
    idle(tmp_path, azure, monkeypatch).send()
    assert list(azure.all("log").values()) == [b"patient"]


def test_what_can_never_be_sent_is_set_aside_with_a_sentence_and_the_rest_goes_on(
    tmp_path: Path, azure: Blobs, monkeypatch, capsys
) -> None:
    strange = [write(tmp_path, b"mine", name) for name in ("a.jsonl", "a-20269999T0000-1.jsonl")]
    (folder := strange[0].with_name("a-20260105T0930-1.jsonl")).mkdir()
    odd = write(tmp_path, b"odd", "a b-20260105T0930-1.jsonl")
    write(tmp_path, b"good")
    idle(tmp_path, azure, monkeypatch).send()
    assert sorted(azure.all("log").values()) == [b"good", b"odd"] and not odd.exists()
    left = sorted(f"{each.name}.aside" for each in (*strange, folder))
    assert [each.name for each in sorted((tmp_path / "predictions").iterdir())] == left
    said = capsys.readouterr().err
    assert all(f"{name}: was set aside, since it cannot be sent: " in said for name in left)


def test_one_file_that_is_refused_does_not_keep_the_others(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    bad, sender = write(tmp_path, b"bad", "a-20260105T0930-1.jsonl"), idle(tmp_path, azure, monkeypatch)
    taken = f"log/predictions/2026/01/05/09/a-20260105T0930-1-{sender.instance}.jsonl"
    azure.ask("PUT", taken, **{"x-ms-blob-type": "AppendBlob"})
    azure.ask("PUT", f"{taken}?comp=lease", **{"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"})
    write(tmp_path, b"good")
    with pytest.raises(HTTPError, match="412"):
        sender.send()
    assert sorted(azure.all("log").values()) == [b"", b"good"] and bad.exists()
    azure.ask("PUT", f"{taken}?comp=lease", **{"x-ms-lease-action": "break"})
    sender.send()
    assert sorted(azure.all("log").values()) == [b"bad", b"good"] and not bad.exists()


@pytest.mark.parametrize(("kind", "there"), [("BlockBlob", b""), ("AppendBlob", b"longer than the file")])
def test_a_file_whose_blob_is_another_is_set_aside(tmp_path: Path, azure: Blobs, monkeypatch, kind, there) -> None:
    file, sender = write(tmp_path, b"mine"), idle(tmp_path, azure, monkeypatch)
    url = f"{azure.url}/log/predictions/2026/01/05/09/{file.stem}-{sender.instance}.jsonl"
    azure.ask("PUT", url.removeprefix(f"{azure.url}/"), **{"x-ms-blob-type": kind})
    if there:
        sender._ask("PUT", f"{url}?comp=appendblock", there)
    sender.send()
    assert list(azure.all("log").values()) == [there]
    assert [each.read_bytes() for each in (tmp_path / "predictions").iterdir()] == [b"mine"] and not file.exists()


def test_a_token_that_is_none_keeps_the_log_waiting(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    file, sender = write(tmp_path, b"patient"), idle(tmp_path, azure, monkeypatch)
    monkeypatch.setattr(azure.identity, "seconds", 200)
    given = iter((azure.identity.token(),))
    monkeypatch.setattr(azure.identity, "token", lambda: next(given, object()))
    with pytest.raises(ValueError, match="Expecting value"):
        sender.send()
    assert file.exists()


def test_where_it_cannot_send_it_tries_less_and_less_often(tmp_path: Path) -> None:
    class Closing:
        pauses: ClassVar[list[float]] = []

        def wait(self, pause: float) -> bool:
            self.pauses.append(pause)
            return len(self.pauses) == 9

    sender = Sender(tmp_path, {})
    sender.closing = Closing()  # type: ignore[assignment]
    sender._run()
    assert Closing.pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_outside_azure_the_log_waits(tmp_path: Path, azure: Blobs, monkeypatch, capsys) -> None:
    file = write(tmp_path, b"patient")
    without = {name: value for name, value in azure.environment.items() if name != "MSI_ENDPOINT"}
    monkeypatch.setattr(module, "PAUSE", 3600)
    Sender(tmp_path, without).close()
    assert file.exists() and "waits: KeyError: 'MSI_ENDPOINT'" in capsys.readouterr().err


def test_what_the_log_wrote_last_is_sent_when_the_server_ends(tmp_path: Path, azure: Blobs) -> None:
    log, sender = Log(tmp_path, b"k" * 32, "m0123", "triage:3", ()), Sender(tmp_path, azure.environment)
    log.write("7", [Row()], [{"score": 0.5}])
    log.close()
    sender.close()
    [text] = azure.all("log").values()
    assert text.startswith(b'{"time":') and text.endswith(b"}\n")


def test_a_server_in_azure_leaves_nothing_behind_when_it_ends(tmp_path: Path, azure: Blobs, artifact: Path) -> None:
    there = azure.environment | {"MLOPS_SENSITIVE_LOG_URL": f"{azure.url}/restricted"}
    there |= {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": ""}
    with running(command(f"--spool={tmp_path}", "--deployment=m0123", model=artifact), environment() | there) as server:
        assert server.score(ROW, ROW | {"age": 31}).status == 200
        assert server.end() == 0
    [shown], [held] = (list(azure.all(container).values()) for container in ("log", "restricted"))
    assert [row["age"] for row in json.loads(shown)["inputs"]] == [30, 31]
    assert json.loads(held)["id"] == json.loads(shown)["id"] and len(json.loads(held)["values"]) == 2
