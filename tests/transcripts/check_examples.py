"""Runs every example that `slaw VERB --help` prints, and holds help, the manual and completion together.

The examples stand in a folder with the files that they name: the quickstart on a short text and few
tokens, points.csv and runs.csv of three models, scores.csv.  Each must end with status 0 (1 where a
fit of so few tokens may be refused) within its time.  Exit status 1 and a line a fault.
"""

import argparse
import csv
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from check_formats import HERE, status_of

ROOT = HERE.parents[1]
MAY_BE_REFUSED = {"fit", "predict", "allocate", "compare", "validate", "suggest", "simulate", "table", "plot", "report", "observe", "race", "seeds"}


def sh(slaw, command, cwd, timeout=120):
    """The command as a shell runs it, with `slaw` the one under test."""
    script = 'slaw() { "%s" "$@"; }; %s' % (slaw, command)
    return subprocess.run(["sh", "-c", script], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


def make_inputs(folder):
    study = (ROOT / "experiments" / "quickstart.yaml").read_text()
    for old, new in (("text: default", "text: words.txt"), ("validation: 131072", "validation: 2048"), ("tokens: 1.3M", "tokens: 30k"), ("first: 200k", "first: 8k"), ("warmup: 40", "warmup: 4")):
        assert old in study, old
        study = study.replace(old, new)
    (folder / "experiments").mkdir()
    (folder / "experiments" / "quickstart.yaml").write_text(study)
    words = (HERE / "inputs" / "words.txt").read_text()
    (folder / "experiments" / "words.txt").write_text(words * (1 + 80000 // len(words)))
    (folder / "README.md").write_text(words * (1 + 20000 // len(words)))
    shutil.copy(HERE / "inputs" / "scores.csv", folder)
    with (HERE / "inputs" / "points.csv").open() as f:
        rows = list(csv.reader(f))
    rows[0][rows[0].index("arch")] = "model"
    for name in ("points.csv", "runs.csv"):
        with (folder / name).open("w", newline="") as f:
            csv.writer(f).writerows(rows)


def examples(slaw, folder, verb):
    text = sh(slaw, "slaw %s --help" % verb, folder).stdout
    block = text.split("\nExamples:\n", 1)[1].split("\n\n")[0] if "\nExamples:\n" in text else ""
    return [line.strip() for line in block.split("\n") if line.strip()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--slaw", default=str(ROOT / "build/dev/bin/slaw"))
    slaw = str(pathlib.Path(parser.parse_args().slaw).resolve())
    verbs = re.findall(r"^COMMAND\((\w+)\)", (ROOT / "cli" / "commands.def").read_text(), re.M)
    faults = n = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_inputs(folder)
        first = sh(slaw, "slaw run experiments/quickstart.yaml", folder, 500)
        if first.returncode:
            print(first.stderr)
            return 1
        verbs.sort(key=lambda v: v == "import")  # it adds rows of other columns to the study
        for verb in verbs:
            found = examples(slaw, folder, verb)
            if len(found) < 2:
                print(f"{verb}: {len(found)} examples")
                faults += 1
            for command in found:
                done = sh(slaw, command, folder)
                n += 1
                nobody = verb == "stop" and "no scheduler is working" in done.stderr  # nothing runs here
                good = (0, 1) if verb in MAY_BE_REFUSED else (0, 65) if nobody else (0,)
                if done.returncode not in good:
                    print(f"{command}: exit status {done.returncode}\n    {done.stderr.strip()[:400]}")
                    faults += 1
    return status_of(n, "examples", faults)


if __name__ == "__main__":
    sys.exit(main())
