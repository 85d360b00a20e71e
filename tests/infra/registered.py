"""What the organisation's program registers, without an engine: inputs as they are sent, and what protects them."""

import asyncio
import gc
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from organisation import HERE
from pulumi.runtime import mocks, rpc, set_all_config, set_mocks
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Registered:
    type: str
    name: str
    inputs: Document
    id: str
    protected: bool
    retained: bool
    after: tuple[str, ...]
    ignored: tuple[str, ...]
    provider: str


class Monitor(mocks.MockMonitor, mocks.Mocks):
    """Answers as Azure would, as far as the program looks at the answer."""

    def __init__(self) -> None:
        super().__init__(self)
        self.found: list[Registered] = []
        self.outputs: Document = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict]:
        identity = "UserAssignedIdentity" in args.typ
        extra = {"principalId": f"principal-{args.name}", "clientId": f"client-{args.name}"} if identity else {}
        if args.inputs.get("identity"):
            extra = {"identity": {**args.inputs["identity"], "principalId": f"principal-of-{args.name}"}}
        return f"/{args.typ.rpartition(':')[2]}/{args.name}", {"name": args.name, **args.inputs, **extra}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict, None]:
        return {}, None

    def RegisterResource(self, request):  # noqa: N802
        answer = super().RegisterResource(request)
        self.found.append(
            Registered(
                request.type,
                request.name,
                rpc.deserialize_properties(request.object),
                answer.id,
                request.protect,
                request.retainOnDelete,
                tuple(request.dependencies),
                tuple(request.ignoreChanges),
                request.provider,
            )
        )
        return answer

    def RegisterResourceOutputs(self, request):  # noqa: N802
        self.outputs = rpc.deserialize_properties(request.outputs) or self.outputs
        return super().RegisterResourceOutputs(request)


def run(projects: Path) -> Monitor:
    """Run the program on a projects.yaml."""
    monitor = Monitor()
    set_all_config({"mlops-organisation:projects": str(projects)})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    set_mocks(monitor, "mlops-organisation", "main", preview=False, monitor=monitor)
    gc.disable()  # as the language host does
    set_root_resource(None)  # pyrefly: ignore[bad-argument-type] (the one of set_mocks is finished already)
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        gc.enable()
        asyncio.set_event_loop(None)
        loop.close()
    return monitor


def program() -> None:
    runpy.run_path(str(HERE / "__main__.py"))
