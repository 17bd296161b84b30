"""Compiles the LaTeX of every golden transcript and measures its tables (scripts/latex)."""

import pathlib
import re
import subprocess
import sys
import tempfile

from check_formats import HERE, format_of, status_of, transcript

FRAME = r"""\documentclass[twocolumn]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{booktabs,amsmath}
\newsavebox{\measured}
\begin{document}
\typeout{WIDTH page \the\textwidth}
%s
\end{document}
"""


def document(out):
    """The whole once as \\input would show it, and each table again in a box that is measured."""
    tables = re.findall(r"\\begin\{tabular\}.*?\\end\{tabular\}", out, re.S)
    boxes = "".join(
        "\n\\sbox{\\measured}{\\footnotesize %s}\\typeout{WIDTH table \\the\\wd\\measured}" % t for t in tables
    )
    return FRAME % ("\\onecolumn\\footnotesize\n" + out + boxes)


def main():
    bad = n = tables = 0
    widest = 0.0
    only = sys.argv[1:] or [""]
    for path in sorted((HERE / "golden").glob("*.txt")):
        words, status, out, _ = transcript(path)
        if format_of(words) != "latex" or status not in (0, 1) or not any(o in path.stem for o in only):
            continue
        n += 1
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "t.tex").write_text(document(out))
            run = subprocess.run(
                ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
                cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
            )
        page = float(re.search(r"WIDTH page ([\d.]+)pt", run.stdout).group(1)) if "WIDTH page" in run.stdout else 0.0
        widths = [float(w) for w in re.findall(r"WIDTH table ([\d.]+)pt", run.stdout)]
        tables += len(widths)
        widest = max([widest] + widths)
        error = re.search(r"^! .*", run.stdout, re.M)
        if run.returncode or error:
            bad += 1
            print(f"{path.stem}: {error.group(0) if error else 'pdflatex did not succeed'}")
        for w in widths:
            if "--wide" not in words and w > page:
                bad += 1
                print(f"{path.stem}: a table of {w:.0f} pt on a page of {page:.0f} pt")
    return status_of(n, f"documents, {tables} tables, the widest {widest:.0f} pt", bad)


if __name__ == "__main__":
    sys.exit(main())
