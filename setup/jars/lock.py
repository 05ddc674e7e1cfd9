"""Prints the lock of the jars in a folder with the layout of a Maven repository: python lock.py <folder>"""

import hashlib
import sys
from pathlib import Path

root = Path(sys.argv[1])
for jar in sorted(root.rglob("*.jar")):
    *group, artifact, version, name = jar.relative_to(root).parts
    classifier = name.removesuffix(".jar").removeprefix(f"{artifact}-{version}").removeprefix("-")
    coordinates = [".".join(group), artifact, version, *([classifier] if classifier else [])]
    print(":".join([*coordinates, hashlib.sha256(jar.read_bytes()).hexdigest()]))
