"""Fails if a crate depends on one that is not below it."""

import json
import subprocess
import sys

# A crate may depend on those it names, and on nothing else of the workspace.
BELOW = {
    "bytes-util": set(),
    "runtime-macros": set(),
    "runtime": {"runtime-macros", "bytes-util"},
    "net": {"runtime", "bytes-util"},
    "service": {"runtime"},
    "http": {"bytes-util", "runtime", "net", "service"},
    "grpc-build": set(),
    "grpc": {"bytes-util", "runtime", "net", "service", "http"},
    "trace": {"bytes-util", "runtime", "net", "service", "http", "grpc"},
}
FREE = {"examples", "benches", "benches-fleet", "benches-small", "benches-small-tokio"}
# The service layer may know the runtime in one file.
ONE_DOOR = {"service/src": ("minato_runtime", "clock.rs")}

metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version=1", "--no-deps"]))
packages = {package["name"].removeprefix("minato-"): package for package in metadata["packages"]}
faults = [f"unknown crate {name}" for name in packages.keys() - BELOW.keys() - FREE]
faults += [f"missing crate {name}" for name in BELOW.keys() - packages.keys()]
for name, allowed in BELOW.items():
    for dependency in packages.get(name, {}).get("dependencies", []):
        target = dependency["name"]
        # Tests may look up, a library may not. A build script's tools stand outside the layers.
        if not target.startswith("minato-") or dependency["kind"] is not None:
            continue
        if target.removeprefix("minato-") not in allowed:
            faults.append(f"{name} depends on {target}, which is not below it")

for folder, (crate, door) in ONE_DOOR.items():
    found = subprocess.run(["grep", "-rlE", rf"^\s*(pub )?use {crate}|{crate}::", folder, "--include=*.rs"],
                           capture_output=True, text=True).stdout.split()
    for path in found:
        lines = [line for line in open(path) if crate in line and not line.lstrip().startswith("//")]
        inside_tests = all("#[cfg(test)]" in open(path).read().split(line)[0] for line in lines)
        if not path.endswith(door) and lines and not inside_tests:
            faults.append(f"{path} uses {crate}; only {door} may")

print("\n".join(faults) or f"{len(BELOW)} crates, every dependency points downward")
sys.exit(bool(faults))
