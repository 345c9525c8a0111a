"""Takes the examples out of a guide, and checks that a program prints what the guide says.

    examples.py extract GUIDE FOLDER    a section's C++ to FOLDER/section.cpp, its output to section.txt; prints the names
    examples.py run PROGRAM EXPECTED
"""

import difflib
import pathlib
import re
import subprocess
import sys

SECTION = re.compile(r"^## (?P<title>.+?)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def extract(guide, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for section in SECTION.finditer(guide.read_text()):
        blocks = [(block["language"], block["text"]) for block in BLOCK.finditer(section["body"])]
        name = re.sub(r"\W+", "_", section["title"].lower())
        if [language for language, _ in blocks] != ["cpp", "text"]:
            sys.exit(f"{guide}: section '{section['title']}' wants one C++ example and its output")
        write(folder / f"{name}.cpp", blocks[0][1])
        write(folder / f"{name}.txt", blocks[1][1])
        print(name)


def run(program, expected):
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True)
    wanted = expected.read_text()
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), done.stdout.splitlines(True), "guide", "output"))
    sys.exit(done.returncode or done.stdout != wanted)


if __name__ == "__main__":
    command, one, other = sys.argv[1:]
    {"extract": extract, "run": run}[command](pathlib.Path(one), pathlib.Path(other))
