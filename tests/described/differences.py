"""Ask a tool that nobody here wrote what it makes of the pairs of documents that Ponty's own verdicts are tested with.

`python tests/described/differences.py` needs npm. The tool, api-smart-diff, knows OpenAPI 3.0 and fewer keywords, so it
passes over much; what it calls breaking and Ponty does not is what to look at.
"""

import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from ponty import changes_between

ROOT = pathlib.Path(__file__).parent.parent.parent
PAIRS = ROOT / "packages/ponty-request/tests/breaking_changes/pairs.py"
PACKAGE = "api-smart-diff@1.0.6"
COMPARE = """
const { apiCompare } = require("api-smart-diff")
const pairs = JSON.parse(require("fs").readFileSync("pairs.json"))
const told = {}
for (const [name, [before, after]] of Object.entries(pairs)) {
    try {
        told[name] = apiCompare(before, after).diffs.some((diff) => diff.type === "breaking")
    } catch {
        told[name] = null
    }
}
console.log(JSON.stringify(told))
"""


def main() -> int:
    if shutil.which("npm") is None:
        raise SystemExit("npm is not on the path")
    spec = importlib.util.spec_from_file_location("pairs", PAIRS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = [line.split()[0] for line in PAIRS.with_name("oasdiff.txt").read_text().splitlines()]
    pairs = {name: pair for name in names if (pair := module.pair(name)) is not None}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "pairs.json").write_text(json.dumps(pairs))
        pathlib.Path(folder, "compare.js").write_text(COMPARE)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", PACKAGE], cwd=folder, check=True)
        done = subprocess.run(["node", "compare.js"], cwd=folder, check=True, capture_output=True, text=True)
    theirs = json.loads(done.stdout)
    ours = {name: any(change.breaks for change in changes_between(*pair)) for name, pair in pairs.items()}
    laxer = [name for name in pairs if theirs[name] and not ours[name]]
    stricter = [name for name in pairs if theirs[name] is False and ours[name]]
    failed = [name for name in pairs if theirs[name] is None]
    print(f"{len(pairs)} pairs, {len(pairs) - len(laxer) - len(stricter) - len(failed)} alike, {len(failed)} unread")
    print(f"{len(laxer)} that the tool alone calls breaking: {', '.join(laxer)}")
    print(f"{len(stricter)} that Ponty alone calls breaking: {', '.join(stricter)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
