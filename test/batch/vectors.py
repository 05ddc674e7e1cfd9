import json
from pathlib import Path


def vectors(name):
    """The language-neutral cases of test/vectors/<name>.json."""
    return json.loads((Path(__file__).parent.parent / "vectors" / f"{name}.json").read_text())
