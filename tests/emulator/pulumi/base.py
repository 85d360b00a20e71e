"""What every provider answers alike, and how values and mistakes go through its messages."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.emulator.pulumi.changes import changes, text
from tests.emulator.pulumi.shapes import Mistake
from tests.emulator.rules import Refusal
from tests.emulator.store import Document


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider of one of Pulumi's SDKs, `package`. It needs no settings."""

    package: str

    def fixed(self, type: str) -> Sequence[str]:
        """Inputs of a type that cannot change."""
        return ()

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version=version(self.package))

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse()

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request, context):
        return empty_pb2.Empty()

    def Diff(self, request, context):
        with told(context):
            fixed = self.fixed(request.type)
            found = list(changes(plain(request.old_inputs), plain(request.news)))
            replaced = sorted({str(path[0]) for path, _ in found} & {*fixed})
            detailed = {}
            for path, what in found:
                kind: Any = f"{what}_REPLACE" if path[0] in fixed else what
                detailed[text(path)] = provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
            return provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
                diffs=sorted({str(path[0]) for path, _ in found}),
                replaces=replaced,
                detailedDiff=detailed,
                hasDetailedDiff=True,
                deleteBeforeReplace=bool(replaced),
            )


@contextmanager
def told(context: grpc.ServicerContext) -> Iterator[None]:
    """Turns what went wrong into the engine's error, in Azure's words."""
    try:
        yield
    except Refusal as fault:
        message = f'Status={fault.status} Code="{fault.code}" Message="{fault.message}"'
        context.abort(grpc.StatusCode.UNKNOWN, message)
    except Mistake as fault:
        context.abort(grpc.StatusCode.UNKNOWN, str(fault))


def plain(given: struct_pb2.Struct) -> Document:
    """The values of a message, without nulls."""
    return _full(json_format.MessageToDict(given))


def _full(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _full(item) for name, item in value.items() if item is not None and not name.startswith("__")}
    return [_full(item) for item in value] if isinstance(value, list) else value


def struct(values: Document) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())
