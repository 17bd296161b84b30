#!/usr/bin/env python3
"""Runs every line of cases.txt and compares what slaw printed with golden/NAME.txt.

A transcript is the standard output, the standard error, the exit status and the files that a
command left.  What differs from machine to machine (paths, times, memory, processors, versions)
is masked, and long numbers are rounded; README.md says how.
"""
import argparse
import concurrent.futures
import csv
import difflib
import fnmatch
import html.parser
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GOLDEN = os.path.join(HERE, "golden")
INPUTS = os.path.join(HERE, "inputs")
STUDIES = ("tiny", "sad", "part", "hurt")
STUDY_VERBS = {"plan", "run", "status", "ls", "show", "logs", "verify", "gc", "retry", "stop", "reindex", "corpus", "doctor", "export", "version"}

# Values of these JSON keys are of this machine or this moment.
KEYS = (
    "pid host isa cores peak_rss_bytes started_ms ended_ms t tokens_per_s eta_s seconds core_seconds "
    "memory_bytes sum version flops_per_second exported_ms imported_ms created_ms time"
).split()
KEY_MASK = re.compile(r'"(%s)"(: ?)("(?:[^"\\]|\\.)*"|-?[\d.][\d.eE+-]*)' % "|".join(KEYS))
COLUMNS = {"time", "memory", "tokens/s", "host", "isa", "cores"}
CSV_COLUMNS = {"seconds", "core_seconds", "tokens_per_s", "started_ms", "ended_ms", "created_ms", "peak_rss_bytes", "memory_bytes", "isa", "cores", "host", "pid"}
NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.]|-\d)")


def digits(text):
    mantissa = re.split("[eE]", text)[0].replace(".", "").lstrip("0")
    return len(mantissa)


def rounded(match):
    """Six digits of a number that shows more; noise around zero is no number."""
    text = match.group(1)
    if digits(text) <= 6:
        return text
    value = float(text)
    return "<tiny>" if 0 < value < 1e-14 else "%#.6g" % value


def mask_table(text):
    """Masks the cells of a printed table under the headings in COLUMNS; such a table is not aligned any more."""
    out, lines, i = [], text.split("\n"), 0
    while i < len(lines):
        head = re.split(r" {2,}", lines[i].strip())
        at = [k for k, c in enumerate(head) if c in COLUMNS] if len(head) > 3 else []
        table = []
        while at and i < len(lines) and lines[i].strip():
            table.append(lines[i])
            i += 1
        new, masked = [], False
        for row, line in enumerate(table):
            cells = re.split(r" {2,}", line.strip())
            if row and len(cells) > max(at):
                masked = masked or any(cells[k] != "-" for k in at)
                cells = ["<x>" if k in at and c != "-" else c for k, c in enumerate(cells)]
            new.append("  ".join(cells))
        out += new if masked else table
        if i < len(lines):
            out.append(lines[i])
            i += 1
    return "\n".join(out)


def mask_csv(text, columns=CSV_COLUMNS):
    """Masks the columns of a CSV in CSV_COLUMNS."""
    if not re.match(r"(\w+,)*(run|attempt),", text):
        return text
    rows = list(csv.reader(io.StringIO(text)))
    at = [i for i, name in enumerate(rows[0]) if name in columns or name in COLUMNS]
    out = io.StringIO()
    rows[1:] = [["<x>" if i in at else c for i, c in enumerate(row)] for row in rows[1:]]
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def mask_markup(text):
    """Masks the cells of tables in Markdown, LaTeX and HTML under the headings in COLUMNS."""
    out, at = [], None
    for line in text.split("\n"):
        sep = "|" if line.startswith("| ") else "&" if line.endswith(" \\\\") else "</td>" if line.startswith("<tr><td") else None
        if "<thead>" in line:
            heads = re.findall(r"<th[^>]*>([^<]*)</th>", line)
            at = [i for i, name in enumerate(heads) if name in COLUMNS]
        elif sep:
            cells = line.split(sep)
            if at is None:
                at = [i for i, c in enumerate(cells) if c.strip(" \\") in COLUMNS]
            else:
                for i in at:
                    cells[i] = "<td><x>" if sep == "</td>" else " <x> \\\\" if cells[i].endswith("\\\\") else " <x> "
                line = sep.join(cells)
        elif not line.startswith(("|-", "\\midrule", "<tbody")):
            at = None
        out.append(line)
    return "\n".join(out)


def mask_doctor(text):
    if text.lstrip().startswith("{"):
        return outline_json(text)
    lines = []
    for line in text.split("\n"):
        if line.startswith(("Hint", "**Hint", "% Hint", "  ", '<p class="hint')) or ":root" in line:
            continue
        if lines and "," in lines[-1] and "slaw" not in lines[-1] and "worker.path" in lines[-1]:
            line = "<x>"  # the only row of a CSV
        line = re.sub(r"<dd>.*</dd>", "<dd><x></dd>", line)
        line = re.sub(r"^((?:% |- )?\w[\w \\\[\]/-]*)(: |  +).*$", r"\1\2<x>", line) if "option" not in line else line
        lines.append(re.sub(r"  +<x>", "  <x>", line))
    return "\n".join(lines)


def outline_json(text):
    """The keys of a JSON object, without its values."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    out = []

    def walk(v, path):
        if isinstance(v, dict):
            for k, x in v.items():
                walk(x, path + "." + k if path else k)
        else:
            out.append(path)

    walk(value, "")
    return "(the keys of a JSON object)\n" + "\n".join(out) + "\n"


def mask(verb, text, paths):
    for path, name in paths:
        text = text.replace(path, name)
    if verb == "doctor":
        return mask_doctor(text)
    if verb == "schema" and text.startswith("{"):
        return outline_json(text)
    text = re.sub(r"slaw \d+\.\d+\.\d+", "slaw <version>", text)
    text = re.sub(r'"version"(: ?)"\d+\.\d+\.\d+"', r'"version"\1<version>', text)
    text = re.sub(r"\.tmp\.\d+", ".tmp.<pid>", text)
    text = re.sub(r"ts=\d{4}-\d\d-\d\dT[\d:.]+Z", "ts=<date>", text)
    text = re.sub(r"slaw,\d+\.\d+\.\d+", "slaw,<version>", text)
    if verb == "plan":
        text = re.sub(r"(?m)^(\W*|<p[^>]*>)Memory: .*$", r"\1Memory: <x>", text)
    if verb == "gc":  # a state tells which instruction set made it, in a word that may be longer
        text = re.sub(r'("bytes": )\d+', r"\1<x>", text)
        text = re.sub(r" *\b[\d.]+ [kMG]?B\b", " <bytes>", text)
        text = mask_csv(text, {"bytes"})
    if verb in STUDY_VERBS:
        text = KEY_MASK.sub(lambda m: '"%s"%s<x>' % (m.group(1), m.group(2)), text)
        text = mask_csv(mask_table(mask_markup(text).replace('"cores": null', '"cores": <x>').replace('"cores":null', '"cores":<x>')))
        text = re.sub(r"(?<![\w.])\d+(\.\d+)? (s|ms|min|h|d)(?![\w/])", "<time>", text)
        text = re.sub(r"(?<![\w.])\d+(\.\d+)?[kMGT]? (FLOP/s|tokens/s)", r"<speed> \2", text)
        text = re.sub(r"(\d[\d.]* [kMGT]?B)( of)? memory", r"<bytes>\2 memory", text)
        text = re.sub(r" {2,}(?=<(?:x|time|speed|bytes)>)|(?<=>) {2,}", "  ", text)
    return NUMBER.sub(rounded, text)


class Page(html.parser.HTMLParser):
    """The headings of a page and how many of each other element it has."""

    def __init__(self):
        super().__init__()
        self.out, self.count, self.open = [], {}, None

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag in ("title", "h1", "h2", "h3", "h4", "caption"):
            self.open = [tag, ""]

    def handle_endtag(self, tag):
        if self.open and tag == self.open[0]:
            self.out.append("%s %s" % (tag, " ".join(self.open[1].split())))
            self.open = None

    def handle_data(self, data):
        if self.open:
            self.open[1] += data


def describe(path, name):
    """What a file is, in a few lines that do not hang on its bytes."""
    kind = os.path.splitext(name)[1]
    lines = []
    if kind == ".html":
        page = Page()
        with open(path, encoding="utf-8") as f:
            page.feed(f.read())
        inside = ("svg", "g", "path", "text", "tspan", "use", "rect", "circle", "line", "defs", "polygon", "polyline", "symbol", "stop", "clippath")
        lines = page.out + ["elements: " + ", ".join("%s %d" % (k, v) for k, v in sorted(page.count.items()) if k not in inside[1:])]
    elif kind == ".csv":
        with open(path, encoding="utf-8", errors="backslashreplace") as f:
            rows = f.read().splitlines()
        lines = ["%d lines; the first: %s" % (len(rows), rows[0] if rows else "")]
    elif kind == ".json":
        try:
            with open(path, encoding="utf-8") as f:
                value = json.load(f)
            lines = ["keys: " + ", ".join(value)] if isinstance(value, dict) else []
        except ValueError:
            lines = ["no JSON"]
    elif kind == ".yaml" and "runs/" not in name:
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines()
    return [name] + ["    " + line for line in lines]


def listing(top):
    """Every file below a folder with its size and time of change."""
    found = {}
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            state = os.stat(path)
            found[os.path.relpath(path, top)] = (state.st_size, state.st_mtime_ns, state.st_ino)
    return found


def left(top, before):
    """The files that a command made, changed or removed."""
    after = listing(top)
    lines = []
    for name in sorted(set(before) | set(after)):
        base = os.path.basename(name)
        if base.startswith("catalog.db") or base == "lock":
            continue
        if name not in after:
            lines.append("removed " + name)
        elif name not in before:
            kept = describe(os.path.join(top, name), name)
            lines += ["made " + kept[0]] + kept[1:]
        elif before[name] != after[name]:
            lines.append("changed " + name)
    return re.sub(r"tfevents\.\d+", "tfevents.<time>", "".join(line + "\n" for line in lines))


def environment(home):
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "SLAW_ISA", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
    env.update(LC_ALL="C.UTF-8", TZ="UTC", HOME=home, TMPDIR=home)
    return env


def call(slaw, args, folder, extra=None, timeout=120):
    env = environment(folder + ".home")
    os.makedirs(folder + ".home", exist_ok=True)
    for name, value in (extra or {}).items():
        env[name] = value
    return subprocess.run([slaw] + args, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, check=False)


def train(slaw, folder):
    """Trains the studies that the cases read."""
    shutil.copytree(INPUTS, folder)

    def must(status, *args, **extra):
        done = call(slaw, list(args), folder, extra)
        if done.returncode != status:
            sys.exit("transcripts: slaw %s ended with %d:\n%s" % (" ".join(args), done.returncode, done.stderr.decode()))

    must(0, "run", "tiny.yaml", "--quiet")
    must(1, "run", "sad.yaml", "--only", "llama-*", "--quiet")
    must(1, "run", "sad.yaml", "--only", "tnl-*", "--quiet", SLAW_WORKER=os.path.join(folder, "broken-worker"))
    must(0, "run", "part.yaml", "--only", "llama-2k", "--quiet")
    shutil.copytree(os.path.join(folder, "runs", "tiny"), os.path.join(folder, "runs", "hurt"))
    runs = os.path.join(folder, "runs", "hurt", "runs")
    hurt = [name for name in sorted(os.listdir(runs)) if name.startswith(("llama-4k", "hgrn2-9k"))]
    weights = [os.path.join(runs, name, "checkpoints", "step-00000063", "model.safetensors") for name in hurt]
    os.remove(weights[0])
    with open(weights[1], "r+b") as f:
        f.seek(-1, os.SEEK_END)
        last = f.read(1)
        f.seek(-1, os.SEEK_END)
        f.write(bytes([last[0] ^ 1]))


def read_cases():
    cases = {}
    with open(os.path.join(HERE, "cases.txt"), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if not line.strip() or line.startswith("#"):
                continue
            words = shlex.split(line)
            if words[0] in cases:
                sys.exit("cases.txt:%d: a second case %s" % (number, words[0]))
            extra = {}
            rest = words[1:]
            while rest and re.match(r"[A-Z_]+=", rest[0]):
                name, _, value = rest.pop(0).partition("=")
                extra[name] = value
            cases[words[0]] = (extra, rest)
    return cases


def transcript(name, extra, args, slaw, trained, top):
    folder = os.path.join(top, name, "work")
    os.makedirs(os.path.dirname(folder))
    words = " ".join(args)
    unused = [part for part in ("bad", "study") if part not in words.replace("/", " ").split()]
    shutil.copytree(INPUTS, folder, ignore=lambda at, names: unused + ["make_inputs.py"] if at == INPUTS else [], copy_function=shutil.copy)
    for study in STUDIES:
        if re.search(r"\b%s\b" % study, words):
            shutil.copytree(os.path.join(trained, "runs", study), os.path.join(folder, "runs", study), copy_function=shutil.copy)
    # RUN:STUDY:PREFIX stands for the folder of a run.
    given = []
    for word in args:
        m = re.fullmatch(r"RUN:(\w+):(.+)", word)
        if m:
            runs = "runs/%s/runs" % m.group(1)
            word = runs + "/" + [n for n in sorted(os.listdir(os.path.join(folder, runs))) if n.startswith(m.group(2) + "-")][0]
        given.append(word)
    extra = {k: v.replace("HERE", folder) for k, v in extra.items()}
    before = listing(folder)
    try:
        done = call(slaw, given, folder, extra)
    except subprocess.TimeoutExpired:
        return "it did not end within 120 s\n"
    paths = [(folder, "<here>"), (os.path.realpath(folder), "<here>"), (os.path.dirname(slaw), "<bin>"), (top, "<top>"), (ROOT, "<source>")]
    verb = args[0] if args else ""
    parts = ["$ slaw" + "".join(" " + shlex.quote(w) for w in args) + "\n"]
    if extra:
        parts[0] = "$ " + " ".join("%s=%s" % (k, v.replace(folder, "<here>")) for k, v in extra.items()) + parts[0][1:]
    parts.append("exit status %d\n" % done.returncode)
    for title, data in (("standard output", done.stdout), ("standard error", done.stderr)):
        text = mask(verb, data.decode("utf-8", "backslashreplace").replace("\r", "\\r"), paths)
        if text and not text.endswith("\n"):
            text += "\n(no newline at the end)\n"
        parts.append("\n== %s ==\n%s" % (title, text))
    files = left(folder, before)
    for path, word in paths:
        files = files.replace(path, word)
    if files:
        parts.append("\n== files ==\n" + NUMBER.sub(rounded, files.replace(os.path.realpath(folder), "<here>").replace(folder, "<here>")))
    shutil.rmtree(os.path.join(top, name), ignore_errors=True)
    return "".join(parts)


def near(one, two):
    """Whether two lines differ by no more than one in the sixth digit of long numbers."""
    a, b = NUMBER.findall(one), NUMBER.findall(two)
    if len(a) != len(b):
        return False
    for x, y in zip(a, b):
        if x != y:
            if min(digits(x), digits(y)) < 6 or abs(float(x) - float(y)) > 1.2e-5 * abs(float(y)):
                return False
    return True


def settle(new, golden):
    """The new transcript with the golden's lines where they differ by rounding only."""
    def plain(line):
        return NUMBER.sub(lambda m: "#" if digits(m.group(1)) >= 6 else m.group(1), line)

    a, b = new.split("\n"), golden.split("\n")
    match = difflib.SequenceMatcher(None, [plain(x) for x in a], [plain(x) for x in b], autojunk=False)
    for i, j, n in match.get_matching_blocks():
        for k in range(n):
            if near(a[i + k], b[j + k]):
                a[i + k] = b[j + k]
    return "\n".join(a)


def main():
    p = argparse.ArgumentParser(prog="scripts/transcripts", description="Compares what slaw prints with tests/transcripts/golden.")
    p.add_argument("--update", action="store_true", help="make the golden files anew")
    p.add_argument("--only", metavar="GLOB", action="append", help="only the cases of these names; may be repeated")
    p.add_argument("--slaw", default=os.path.join(ROOT, "build/dev/bin/slaw"), help="the program (default build/dev/bin/slaw)")
    p.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="cases at a time (default: the cores)")
    o = p.parse_args()
    slaw = os.path.realpath(o.slaw)
    if not os.access(slaw, os.X_OK):
        sys.exit("transcripts: %s cannot be run; build it first" % o.slaw)
    cases = read_cases()
    chosen = [n for n in cases if not o.only or any(fnmatch.fnmatch(n, g) for g in o.only)]
    os.makedirs(GOLDEN, exist_ok=True)
    kept = {f[:-4] for f in os.listdir(GOLDEN) if f.endswith(".txt")}
    bad = 0
    memory = None if "TMPDIR" in os.environ or not os.access("/dev/shm", os.W_OK) else "/dev/shm"
    with tempfile.TemporaryDirectory(prefix="transcripts-", dir=memory) as top:
        top = os.path.realpath(top)
        trained = os.path.join(top, "trained")
        train(slaw, trained)
        with concurrent.futures.ThreadPoolExecutor(max(1, o.jobs)) as pool:
            waiting = {n: pool.submit(transcript, n, *cases[n], slaw, trained, top) for n in chosen}
            for name, future in waiting.items():
                text = future.result()
                path = os.path.join(GOLDEN, name + ".txt")
                golden = ""
                if name in kept:
                    with open(path, encoding="utf-8", newline="\n") as f:
                        golden = f.read()
                text = settle(text, golden) if golden else text
                if text == golden:
                    continue
                bad += 1
                if o.update:
                    with open(path, "w", encoding="utf-8", newline="\n") as f:
                        f.write(text)
                else:
                    sys.stdout.writelines(difflib.unified_diff(golden.splitlines(True), text.splitlines(True), "golden/%s.txt" % name, name))
                    if not golden:
                        print("transcripts: %s has no golden file" % name)
    for name in sorted(kept - set(cases)):
        if o.update:
            os.remove(os.path.join(GOLDEN, name + ".txt"))
        else:
            print("transcripts: golden/%s.txt has no case" % name)
        bad += 1
    print("transcripts: %d cases, %d %s" % (len(chosen), bad, "made anew" if o.update else "differ"))
    return 1 if bad and not o.update else 0


if __name__ == "__main__":
    sys.exit(main())
