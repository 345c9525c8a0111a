"""Checks that the tree keeps the rules of docs/architecture.md and CONTRIBUTING.md.

    check_tree.py includes | sizes | markers | scripts | headers COMPILER GENERATED [HEADER...] | links LIBRARY
"""

import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("include", "dialects", "compiler", "runtime", "tools", "tests", "bench", "examples")
SUFFIXES = {".h", ".cpp", ".c", ".td", ".mlir", ".py"}
MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)

# What the files of a folder may not include.
FORBIDDEN = {
    "include": ("mlir/", "llvm/", "mlir-c/", "llvm-c/", "runtime/", "dialects/", "compiler/", "tools/"),
    "runtime": ("mlir/", "llvm/", "mlir-c/", "llvm-c/", "dialects/", "compiler/", "tools/"),
    "dialects": ("compiler/", "runtime/", "tools/"),
    "compiler": ("tools/",),
}


def files(*rooms, suffixes=SUFFIXES):
    for room in rooms or ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path


def relative(path):
    return path.relative_to(ROOT).as_posix()


def includes_of(path):
    """The files that `path` includes, as paths from the root where they stand in the tree."""
    for kind, name in INCLUDE.findall(path.read_text(errors="replace")):
        beside = (path.parent / name).resolve()
        if kind == '"' and beside.is_file() and beside.is_relative_to(ROOT):
            name = relative(beside)
        yield name


def check_includes():
    for room, forbidden in FORBIDDEN.items():
        for path in files(room, suffixes={".h", ".cpp", ".c", ".td"}):
            for name in includes_of(path):
                if name.startswith(forbidden):
                    yield f"{relative(path)} includes {name}: {room}/ may not"
    # Passes meet in the IR and in Pipeline.cpp, never in each other's headers. model/ stands above them.
    for path in files("compiler", suffixes={".h", ".cpp"}):
        folder = path.relative_to(ROOT / "compiler").parts[0]
        if folder.endswith((".h", ".cpp")) or folder == "model":
            continue
        for name in includes_of(path):
            other = re.match(r"compiler/(\w+)/", name)
            if other and other[1] != folder:
                yield f"{relative(path)} includes {name}: pass folders never include each other"


def check_sizes():
    for path in files():
        count = path.read_text(errors="replace").count("\n")
        if count > MAX_LINES:
            yield f"{relative(path)} has {count} lines, more than {MAX_LINES}: split it by op family"


def check_markers():
    """Unfinished work belongs in docs/status.md."""
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b|not " r"implemented|DISABLED" r"_|GTEST" r"_SKIP")
    for path in files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if marker.search(line):
                yield f"{relative(path)}:{number}: {line.strip()}"


def check_scripts():
    for path in (ROOT / "dev", ROOT / ".ci/run"):
        if not os.access(path, os.X_OK):
            yield f"{relative(path)} is not executable"
    if subprocess.run(["bash", "-n", ROOT / "dev"]).returncode:
        yield "dev is not valid bash"


def check_headers(compiler, generated, *only):
    """Each public header compiles alone, with the standard library only. Headers that passed once are remembered."""
    include, remembered = ROOT / "include", Path(generated) / f"passed-{Path(compiler).name}"
    headers = list(only) or [path.relative_to(include).as_posix() for path in files("include", suffixes={".h"})]
    state = hashlib.sha256(repr([compiler, headers]).encode())
    for path in [*files("include", suffixes={".h"}), *sorted(Path(generated).rglob("*.h"))]:
        state.update(path.read_bytes())
    if remembered.is_file() and remembered.read_text() == state.hexdigest():
        return

    def compile_header(name):
        command = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only",
                   "-x", "c++", "-I", str(include), "-I", generated, "-"]
        result = subprocess.run(command, input=f"#include <{name}>\n", capture_output=True, text=True)
        return "" if result.returncode == 0 else f"{name} does not compile alone:\n{result.stderr}"

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        errors = list(filter(None, pool.map(compile_header, headers)))
    yield from errors
    if not errors:
        remembered.write_text(state.hexdigest())


def check_links(library):
    out = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"NEEDED.*\[(.*)\]", out):
        if re.search("LLVM|MLIR|clang", name):
            yield f"{library} links {name}"


def main():
    checks = {name.removeprefix("check_"): function for name, function in globals().items() if name.startswith("check_")}
    if len(sys.argv) < 2 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    errors = list(checks[sys.argv[1]](*sys.argv[2:]))
    print("\n".join(errors) or "ok")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
