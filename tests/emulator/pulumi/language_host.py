"""Runs Pulumi programs and policy packs in Python for the engine, where Pulumi's own language host is not installed.

The engine starts `pulumi-language-python` and speaks gRPC to it. The protocol is that of the SDK
(`pulumi.runtime.proto.language_pb2_grpc`). Nothing is ever downloaded: programs run in an environment that is there.
"""

import asyncio
import gc
import json
import logging
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import grpc
import pulumi
from pulumi import runtime
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

TOLD = 32  # exit status of a program that has already told the user what went wrong


def interpreter(info: language_pb2.ProgramInfo) -> str:
    """The Python of the environment that `runtime.options.virtualenv` names, or this one."""
    chosen = dict(info.options).get("virtualenv")
    if not chosen:
        return sys.executable
    python = Path(info.root_directory, str(chosen), "bin", "python")
    if not python.exists():
        raise FileNotFoundError(f"There is no {python}, which `virtualenv` of the project's options asks for.")
    return str(python)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.children: set[subprocess.Popen[bytes]] = set()

    def Handshake(self, request, context):
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="0.0.1")

    def GetRequiredPackages(self, request, context):
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request, context):
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(self, request, context):
        return iter(())

    def About(self, request, context):
        return language_pb2.AboutResponse(executable=interpreter(request.info), version=sys.version.split()[0])

    def Run(self, request, context):
        """Run a program to its end. `bail` stands for: it failed, and the user has read why."""
        settings = {
            "program": str(Path(request.info.program_directory, request.info.entry_point)),
            "project": request.project,
            "stack": request.stack,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "monitor": request.monitor_address,
            "engine": self.engine,
            "root_directory": request.info.root_directory,
        }
        config = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = [interpreter(request.info), "-u", __file__, "run", json.dumps(settings)]
        child = subprocess.Popen(command, cwd=request.pwd, env=os.environ | config, stdin=subprocess.PIPE)
        self._watch(child, context)
        status = child.wait()
        self.children.discard(child)
        if status in (0, TOLD):
            return language_pb2.RunResponse(bail=status == TOLD)
        return language_pb2.RunResponse(error=f"the program ended with exit status {status}")

    def RunPlugin(self, request, context) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack until the engine has no more use for it. Its first line is its port."""
        module = ["pulumi.policy", *request.args] if request.kind == "analyzer" else [request.info.entry_point]
        command = [interpreter(request.info), "-u", "-m", *module, request.info.program_directory]
        env = dict(variable.split("=", 1) for variable in request.env) or dict(os.environ)
        child = subprocess.Popen(
            command, cwd=request.pwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._watch(child, context)
        assert child.stdout
        for line in child.stdout:
            yield language_pb2.RunPluginResponse(stdout=line)
        self.children.discard(child)
        yield language_pb2.RunPluginResponse(exitcode=child.wait())

    def _watch(self, child: subprocess.Popen[bytes], context: grpc.ServicerContext) -> None:
        self.children.add(child)
        if not context.add_callback(child.kill):
            child.kill()

    def leave(self, *signal: object) -> NoReturn:
        for child in list(self.children):
            child.kill()
        os._exit(0)


def serve(engine: str) -> None:
    """Until the engine interrupts us, as it does when it is done, or is gone: only its end closes our input."""
    host = LanguageHost(engine)
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGINT, host.leave)
    print(port, flush=True)
    sys.stdin.buffer.read()
    host.leave()


def run(program: str, **settings: object) -> int:
    """Run a program under the engine; returns its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a program that stops early leaves tasks behind
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(runtime.Settings(**settings))  # pyrefly: ignore
    sys.argv = [program]
    sys.path.pop(0)  # our own folder
    gc.disable()  # a short life: to look for garbage among thousands of tasks takes two fifths of it
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=64))

    async def start() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(runtime.run_in_stack(start))
    except pulumi.RunError as mistake:
        pulumi.log.error(str(mistake))
        return TOLD
    except Exception:
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return TOLD
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "run":
        os._exit(run(**json.loads(sys.argv[2])))
    serve(sys.argv[-1])
