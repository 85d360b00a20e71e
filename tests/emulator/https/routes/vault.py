"""Key vaults: what is public of a key, and signatures by it. A key is made when it is first asked for, and stays here.

Source: "Get Key" and "Sign" (REST reference of Key Vault 7.4, Microsoft), "About keys", and RFC 7518, 3.4: a signature
of an elliptic curve is its two numbers, one after the other. Messages: public reports, shortened.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from tests.emulator import access
from tests.emulator.https.routing import Asked, json_of, route
from tests.emulator.https.wire import Response
from tests.emulator.ids import Id
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import dig
from tests.emulator.store import TENANT, Document

if TYPE_CHECKING:
    from tests.emulator.https.cloud import Cloud

HOST, AUDIENCE = "{vault}.vault.azure.net", "https://vault.azure.net"
CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
ALGORITHMS = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KEYS: "WeakKeyDictionary[Cloud, dict[str, Key]]" = WeakKeyDictionary()


@route("GET", HOST + "/keys/{rest}", "-")
def get(asked: Asked) -> Response:
    if challenge := _challenge(asked):
        return challenge
    document, key = _key(asked, asked.names["rest"].strip("/"), "read")
    return json_of({"key": _public(document, key), "attributes": {"enabled": True}})


@route("POST", HOST + "/keys/{name}/{version}/sign", "-")
def sign(asked: Asked) -> Response:
    if challenge := _challenge(asked):
        return challenge
    document, key = _key(asked, f"{asked.names['name']}/{asked.names['version']}", "sign/action")
    if "sign" not in (dig(document, "properties.keyOps") or ["sign"]):
        raise Refusal(403, "Forbidden", "Operation sign is not permitted on this key.")
    kind, hashed = asked.json["alg"][:2], utils.Prehashed(ALGORITHMS[asked.json["alg"][2:]]())
    given = urlsafe_b64decode(asked.json["value"] + "==")
    if isinstance(key, rsa.RSAPrivateKey) and kind == "RS":
        made = key.sign(given, padding.PKCS1v15(), hashed)
    elif isinstance(key, ec.EllipticCurvePrivateKey) and kind == "ES":
        size = (key.curve.key_size + 7) // 8
        made = b"".join(
            each.to_bytes(size, "big") for each in utils.decode_dss_signature(key.sign(given, ec.ECDSA(hashed)))
        )
    else:
        raise Refusal(400, "BadParameter", f"Key and signing algorithm are incompatible: {asked.json['alg']}.")
    return json_of({"kid": document["properties"]["keyUriWithVersion"], "value": _text(made)})


def _challenge(asked: Asked) -> Response | None:
    """Clients ask without a token first, to learn where to sign in and for what."""
    if asked.request.headers.get("Authorization"):
        return None
    where = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{AUDIENCE}"'
    return json_of({"error": {"code": "Unauthorized"}}, 401, {"WWW-Authenticate": where})


def _key(asked: Asked, path: str, action: str) -> tuple[Document, Key]:
    """The document of `NAME` or `NAME/VERSION`, and the key itself, for who may do this with it."""
    arm, (name, _, version) = asked.cloud.arm, path.partition("/")
    ids = [Id(each["id"]) for each in arm.store.documents.values()]
    vaults = [id for id in ids if id.kind == "microsoft.keyvault/vaults" and id.name == asked.names["vault"]]
    if not vaults:
        raise Refusal(404, "VaultNotFound", f"There is no vault '{asked.names['vault']}'.")
    vault = arm.find(vaults[0].text) or {}
    caller = asked.cloud.directory.caller(asked.request.headers.get("Authorization"), AUDIENCE)
    if dig(vault, "properties.publicNetworkAccess") == "Disabled" and not asked.cloud.inside:
        message = "Public network access is disabled and request is not from a trusted service nor via an approved"
        raise Refusal(403, "Forbidden", f"{message} private link.")
    id = Id(f"{vaults[0]}/keys/{name}")
    wanted = f"Microsoft.KeyVault/vaults/keys/{action}"
    if not access.allows(arm, caller, wanted, id, data=True):
        message = "Caller is not authorized to perform action on resource. If role assignments were changed recently,"
        raise Refusal(
            403, "Forbidden", f"{message} please observe propagation time. Caller: {caller} Action: '{wanted}'"
        )
    document = arm.find(id.text)
    if document is None or version not in ("", document["properties"]["keyUriWithVersion"].rpartition("/")[2]):
        raise Refusal(404, "KeyNotFound", f"A key with (name/id) {path} was not found in this key vault.")
    kept = KEYS.setdefault(asked.cloud, {})
    uri = document["properties"]["keyUriWithVersion"]
    kept[uri] = kept.get(uri) or _made(document)
    return document, kept[uri]


def _made(document: Document) -> Key:
    given = document["properties"]
    if given["kty"] == "EC":
        return ec.generate_private_key(CURVES[given.get("curveName", "P-256")]())
    return rsa.generate_private_key(65537, int(given.get("keySize", 2048)))


def _public(document: Document, key: Key) -> Document:
    """As a JSON web key."""
    about = {"kid": document["properties"]["keyUriWithVersion"], "kty": document["properties"]["kty"]}
    about |= {"key_ops": document["properties"].get("keyOps", ["sign", "verify"])}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return about | {"n": _number(numbers.n), "e": _number(numbers.e)}
    point, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    crv = document["properties"].get("curveName", "P-256")
    return about | {"crv": crv, "x": _text(point.x.to_bytes(size, "big")), "y": _text(point.y.to_bytes(size, "big"))}


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
