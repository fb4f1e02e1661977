"""Whether a bill of materials is CycloneDX, and names what Cargo.lock names.

  validate.py BILL LOCK VERSION
"""

import json
import sys
import tomllib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

bill, lock, version = sys.argv[1:]
with open(bill, encoding="utf-8") as file:
    text = file.read()
document = json.loads(text)
schema = SchemaVersion.from_version(document["specVersion"])
if error := JsonStrictValidator(schema).validate_str(text):
    sys.exit(f"{bill} is no CycloneDX {document['specVersion']}: {error}")

subject = document["metadata"]["component"]
assert (subject["name"], subject["version"]) == ("leveret", version), subject

with open(lock, "rb") as file:
    locked = {(crate["name"], crate["version"]) for crate in tomllib.load(file)["package"]}
named = {(part["name"], part["version"]) for part in document["components"]}
assert named <= locked, f"not in the lock file: {named - locked}"
for name in ("tokio", "bytes", "redb", "mimalloc", "leveret-codec"):
    assert any(part == name for part, _ in named), f"{name} is missing"
for part in document["components"]:
    assert part.get("licenses") or part["name"].startswith("leveret"), f"{part['name']}: no licence"
print(f"{len(named)} parts, CycloneDX {document['specVersion']}")
