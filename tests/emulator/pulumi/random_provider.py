"""The `random` provider, as far as a name's suffix needs it: RandomString, which keeps what it once made."""

import random
import string
from importlib.metadata import version

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.emulator.pulumi.changes import UNKNOWN, changes, text
from tests.emulator.pulumi.provider import NONE, SOME, plain, struct

TYPE = "random:index/randomString:RandomString"


class RandomFront(provider_pb2_grpc.ResourceProviderServicer):
    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version=version("pulumi_random"))

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse()

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request, context):
        return empty_pb2.Empty()

    def Check(self, request, context):
        unknown = [] if request.type == TYPE else [provider_pb2.CheckFailure(reason=f"{request.type} is not emulated")]
        return provider_pb2.CheckResponse(inputs=request.news, failures=unknown)

    def Diff(self, request, context):
        found = [text(path) for path, _ in changes(plain(request.old_inputs), plain(request.news))]
        return provider_pb2.DiffResponse(
            changes=SOME if found else NONE, diffs=found, replaces=found, deleteBeforeReplace=bool(found)
        )

    def Create(self, request, context):
        inputs = plain(request.properties)
        result = UNKNOWN if request.preview else made(inputs)
        outputs = struct(inputs | {"result": result, "id": result})
        return provider_pb2.CreateResponse(id="" if request.preview else result, properties=outputs)

    def Read(self, request, context):
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request, context):
        return empty_pb2.Empty()


def made(inputs: dict) -> str:
    """Letters and digits, less those kinds that the inputs turn off, each other kind at least once."""
    kinds = {"lower": string.ascii_lowercase, "upper": string.ascii_uppercase, "numeric": string.digits}
    kinds = [letters for kind, letters in kinds.items() if inputs.get(kind, True)]
    if inputs.get("special", True):
        kinds.append(inputs.get("overrideSpecial", "!@#$%&*()-_=+[]{}<>:?"))
    length, source = int(inputs["length"]), random.SystemRandom()
    drawn = [source.choice(kind) for kind in kinds][:length]
    drawn += source.choices("".join(kinds), k=length - len(drawn))
    source.shuffle(drawn)
    return "".join(drawn)
