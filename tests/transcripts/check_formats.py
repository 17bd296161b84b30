"""Holds the golden transcripts against the rules of their formats.

  json    one object, an error {"schema","error"} where the command failed, nothing on standard error;
          every key stands in docs/json.md
  latex   what LaTeX would stumble over: braces, dollars, special characters outside of their place,
          commands that no package of ours has, rows with another number of cells than columns
  text    no line passes the width (100 into a pipe, or --width), but for single words

Standard library only.  Exit status 1 and a line a fault.
"""

import json
import pathlib
import re
import shlex
import sys

HERE = pathlib.Path(__file__).resolve().parent
COMMANDS = set(
    r"begin end toprule midrule bottomrule noindent par alpha beta gamma delta epsilon zeta eta theta kappa "
    r"lambda mu nu xi rho sigma tau phi chi psi omega ln log exp min max times cdot le ge approx mathrm "
    r"textbackslash textasciitilde textasciicircum textless textgreater textbar".split()
)


def transcript(path):
    """(words of the command, exit status, standard output, standard error)"""
    text = path.read_text()
    head, rest = text.split("== standard output ==\n", 1)
    out, err = rest.split("== standard error ==\n", 1)
    command, status = head.strip().split("\n")[:2]
    return shlex.split(command[2:]), int(status.split()[-1]), out.rstrip("\n") + "\n", err.split("\n== ")[0]


def option(words, name):
    for i, w in enumerate(words):
        if w == "--" + name and i + 1 < len(words):
            return words[i + 1]
        if w.startswith("--" + name + "="):
            return w.split("=", 1)[1]
    return None


def format_of(words):
    return "json" if "--json" in words else option(words, "format") or "text"


def status_of(n, what, faults):
    """The last line that a check prints, and its exit status."""
    print(f"{n} {what}, {faults} faults")
    return 1 if faults or not n else 0


# ---- JSON ----


# What stands in these is named by the user, by a law or by a configuration, not by us.
NAMED_BY_OTHERS = {"options", "params", "values", "fixed", "intervals", "interval_methods", "by_group", "shared", "config", "worked", "covariance", "axes", "derived", "summary", "laws", "predicted", "mean", "weights", "weight_intervals"}


def keys_of(value):
    if isinstance(value, dict):
        for k, v in value.items():
            yield k
            if k not in NAMED_BY_OTHERS:
                yield from keys_of(v)
    elif isinstance(value, list):
        for v in value:
            yield from keys_of(v)


def check_json(status, out, err, known):
    try:
        out = re.sub(r"(?<=[ \[:])-?<\w+>(?=[,\n\]}])", "0", out)  # what is masked
        value = json.loads(re.sub(r"(?<=\d)\.(?=[,\n\]}])", "", out))  # what is rounded to whole numbers
    except ValueError as e:
        yield f"is no JSON: {e}"
        return
    if not isinstance(value, dict) or value.get("schema") != 1:
        yield 'is no object with "schema": 1'
        return
    if status not in (0, 1, 75) and "error" not in value:
        yield "failed without an error in its object"
    if "error" in value and err.strip():
        yield "an error stands on standard error, too"
    for k in sorted(set(value.get("options") or {}) - OPTIONS):
        yield f"options has {k}, which no verb takes"
    for k in sorted(set(keys_of(value)) - known):
        yield f"docs/json.md does not have the key {k}"


def option_names():
    """The names that the helps list, as keys."""
    text = "".join(p.read_text() for p in (HERE / "golden").glob("help-of-*.txt"))
    return {name.replace("-", "_") for name in re.findall(r"--([a-zA-Z][\w-]*)", text)}


OPTIONS = option_names()

# ---- LaTeX ----


def without_comments(text):
    return "\n".join(re.sub(r"(?<!\\)%.*", "", line) for line in text.split("\n"))


def check_math(math):
    if re.search(r"[#%&]", re.sub(r"\\[#%&]", "", math)):
        yield f"a special character in ${math}$"


def check_text(text):
    plain = re.sub(r"\\[#%&_{}$~^`]", "", text)
    if re.search(r"[_^#~]", plain):
        yield f"a special character outside of mathematics: {text.strip()[:60]}"
    if re.search(r"\\(alpha|beta|gamma|times|cdot|le|ge|approx|ln|mathrm)\b", plain):
        yield f"a command of mathematics outside of it: {text.strip()[:60]}"


def check_table(body, columns):
    for row in re.split(r"\\\\\s*\n", body):
        row = re.sub(r"\\(toprule|midrule|bottomrule)", "", row).strip()
        cells = len(re.findall(r"(?<!\\)&", row)) + 1
        if row and cells != columns:
            yield f"a row of {cells} cells under {columns} columns: {row[:60]}"


def check_latex(out):
    text = without_comments(out)
    bare = re.sub(r"\\[\\{}$%&#_]", "", text)
    if bare.count("{") != bare.count("}"):
        yield "braces do not close"
    if bare.count("$") % 2:
        yield "mathematics does not close"
        return
    for name in re.findall(r"\\([A-Za-z]+)", text):
        if name not in COMMANDS:
            yield f"the command \\{name} is in no package that is used"
    for i, part in enumerate(re.split(r"(?<!\\)\$", text)):
        yield from check_math(part) if i % 2 else check_text(part)
    for spec, body in re.findall(r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}(.*?)\\end\{tabular\}", text, re.S):
        yield from check_table(body, len(spec))
    outside = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}", "", text, flags=re.S)
    if re.search(r"(?<!\\)&", outside):
        yield "& outside of a table"
    for line in outside.split("\n"):
        if line.strip() and not line.startswith("\\noindent "):
            yield f"prose that is no comment: {line[:60]}"


# ---- text ----


def check_text_width(words, out):
    width = int(option(words, "width") or 80 if "--help" in words or words[1:2] == ["help"] else option(words, "width") or 100)
    for line in out.split("\n"):
        if len(line) > width and len(line.split()) > 1:
            yield f"{len(line)} characters in a line of {width}: {line[:60]}"


RAW = {"schema", "generate", "logs", "completion", "manual", "export", "corpus"}


def main():
    docs = (HERE.parents[1] / "docs" / "json.md").read_text() if (HERE.parents[1] / "docs" / "json.md").exists() else ""
    known = set(re.findall(r"[A-Za-z0-9_][A-Za-z0-9_+-]*", docs))
    faults = n = 0
    for path in sorted((HERE / "golden").glob("*.txt")):
        words, status, out, err = transcript(path)
        verb = words[1] if len(words) > 1 else ""
        kind = format_of(words)
        found = []
        keys_only = {"doctor", "schema", "export", "generate"}  # of these the golden files hold something else
        if kind == "json" and verb not in keys_only and verb[:1] != "-" and "--help" not in words:
            found = list(check_json(status, out, err, known))
        elif kind == "latex" and status in (0, 1) and verb not in RAW:
            found = list(check_latex(out))
        elif kind == "text" and "--wide" not in words and verb not in RAW:
            found = list(check_text_width(words, out))
        n += kind in ("json", "latex", "text")
        for fault in dict.fromkeys(found):
            print(f"{path.stem}: {fault}")
            faults += 1
    return status_of(n, "transcripts", faults)


if __name__ == "__main__":
    sys.exit(main())
