#!/usr/bin/env python3
"""make_seeds.py BIN_DIR: makes tests/fuzz/seeds anew from a small study run by BIN_DIR/slaw.

Inputs that once failed (names that begin with "found-") are kept.  The first byte of a seed is
the target's choice (see the comment at the top of each fuzz_*.c).
"""
import ctypes, json, pathlib, re, struct, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent
RUN = "0123456789ab"  # of the run in fuzz_protocol.c
STUDY = """version: 1
study: seeds
corpus: {text: ["text/*.txt"], validation: 2048}
matrix: {architecture: [llama], size: [xs], seed: [1, 2]}
sizes: {xs: {layers: 1, width: 16, heads: 1}}
training: {tokens: 2048, sequence: 64, batch: 128, optimizer: {adamw: {lr: 3e-3}}, schedule: {constant: {warmup: 2}}}
checkpoints: {count: 2, spacing: log, first: 1k}
evaluation: [validation]
execution: {workers: 1}
"""


def put(target, name, data):
    folder = ROOT / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def forget():
    for old in (ROOT / "seeds").glob("*/*"):
        if not old.name.startswith("found-"):
            old.unlink()


def unsummed(line):
    line = re.sub(r',"sum":"[0-9a-f]{16}"', "", line)
    return re.sub(r'"run":"[0-9a-f]{12}"', f'"run":"{RUN}"', line)


def protocol(run_dir):
    lines = [unsummed(l) for l in (run_dir / "attempt-000/events.jsonl").read_text().splitlines()]
    text = "\n".join(lines) + "\n"
    put("protocol", "whole", b"\x01" + text.encode())
    put("protocol", "cut", b"\x43" + text.encode())
    first = {}
    for line in lines:
        first.setdefault(json.loads(line)["event"], line)
    for event, line in first.items():
        put("protocol", event, b"\x01" + line.encode() + b"\n")
    put("protocol", "nan", b"\x01" + re.sub(r'"loss":[0-9.]+', '"loss":"nan"', first["step"]).encode() + b"\n")
    put("protocol", "torn", b"\x03" + text[: len(text) // 2].encode())
    put("protocol", "raw", b"\x00" + (run_dir / "attempt-000/events.jsonl").read_bytes()[:600])
    put("protocol", "share-command", b'\x04{"v":1,"command":"threads","n":2,"cores":"0-1,4"}')


def manifests(run_dir, study_dir):
    whole = {"model.safetensors": {"bytes": 7, "xxh128": digest(b"weights")},
             "config.json": {"bytes": 13, "xxh128": digest(b'{"schema":1}\n')}}
    checkpoint = sorted((run_dir / "checkpoints").iterdir())[-1]
    m = json.loads((checkpoint / "manifest.json").read_text())
    m["files"] = whole
    s = json.loads(sorted((run_dir / "state").iterdir())[-1].joinpath("state.json").read_text())
    s["step"], s["files"] = 10, {"state.safetensors": whole["model.safetensors"]}
    for i, (name, text) in enumerate([
            ("manifest", json.dumps(m)), ("state", json.dumps(s)),
            ("config", (run_dir / "config.json").read_text()), ("run", (run_dir / "run.json").read_text()),
            ("status", (run_dir / "status.json").read_text()),
            ("exit", (run_dir / "attempt-000/exit.json").read_text()),
            ("study", (study_dir / "study.json").read_text()),
            ("corpus", (study_dir / "corpus/manifest.json").read_text())]):
        value = json.loads(text)
        if value.pop("sum", None):  # the fuzzer seals it again
            i += 8
        put("manifest", name, bytes([i]) + json.dumps(value, separators=(",", ":")).encode())


class Xxh128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def digest(data):
    xxhash = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    xxhash.restype, xxhash.argtypes = Xxh128, [ctypes.c_char_p, ctypes.c_size_t]
    d = xxhash(data, len(data))
    return f"{d.high:016x}{d.low:016x}"


def safetensors(run_dir):
    """The first byte: how many floats of data follow."""
    model = (sorted((run_dir / "checkpoints").iterdir())[-1] / "model.safetensors").read_bytes()
    n, = struct.unpack("<Q", model[:8])
    put("safetensors", "model", b"\x00" + model[8:8 + n])
    two = {"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
           "b": {"dtype": "F32", "shape": [], "data_offsets": [16, 20]}}
    put("safetensors", "two", b"\x05" + json.dumps(two).encode())


def tables(study_dir):
    rows = ["run,architecture,N,D,C,loss,task,bits_per_byte"]
    rows += [f"r{i},llama,{1000 * (i + 1)},{10000 * (j + 1)},{6e7 * (i + 1) * (j + 1)},{3 - 0.1 * i - 0.05 * j},validation,1.5"
             for i in range(2) for j in range(3)]
    put("csv", "plain", ("\n".join(rows) + "\n").encode())
    put("csv", "quoted", b'\xef\xbb\xbf"N","D","lo""ss",loss\r\n1e3,10M,"a,\n""b""",2.5\r\n\r\n2e3,"20M",,2.25\r\n')
    put("csv", "named", b"params,tokens,loss,run\n1000,1e6,nan,a\n1000,2e6,3.1,a\n2000,2e6,inf,b\n")


def studies():
    put("study", "small", STUDY.encode())
    experiments = ROOT.parent.parent / "experiments"
    put("study", "quickstart", (experiments / "quickstart.yaml").read_bytes())


def main():
    binaries = pathlib.Path(sys.argv[1]).resolve()
    forget()
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        (tmp / "text").mkdir()
        for i in range(6):
            words = [["the", "law", "of", "scale", "learns", "from"][(i * 7 + k * k) % 6] for k in range(6000)]
            (tmp / f"text/{i}.txt").write_text(" ".join(words) + ".\n")
        (tmp / "seeds.yaml").write_text(STUDY)
        subprocess.run([binaries / "slaw", "run", "seeds.yaml", "--dir", "study", "--quiet"], cwd=tmp, check=True)
        run_dir = sorted((tmp / "study/runs").iterdir())[0]
        protocol(run_dir)
        manifests(run_dir, tmp / "study")
        safetensors(run_dir)
        tables(tmp / "study")
        studies()


main()
