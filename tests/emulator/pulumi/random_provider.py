"""The `random` provider, as far as a name's suffix needs it: RandomString, which keeps what it once made."""

import random
import string
from collections.abc import Sequence

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from tests.emulator.pulumi.base import Provider, plain, struct, told
from tests.emulator.pulumi.changes import UNKNOWN
from tests.emulator.pulumi.shapes import Mistake

TYPE = "random:index/randomString:RandomString"


class RandomFront(Provider):
    package = "pulumi_random"

    def fixed(self, type: str) -> Sequence[str]:
        return ("length", "lower", "upper", "numeric", "special", "overrideSpecial")

    def Check(self, request, context):
        with told(context):
            if request.type != TYPE:
                raise Mistake(f"{request.type!r} is not emulated")
            return provider_pb2.CheckResponse(inputs=request.news)

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
