"""Makes the arrays of this folder from published packages; README.md says which and under what licences.

    convert.py SCIKIT_LEARN.whl PLOTNINE.whl FAKER.whl WORDNET_BASE.deb

needs numpy and dpkg-deb. The same packages give the same bytes.
"""

import csv
import gzip
import importlib
import io
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def save(name, **arrays):
    """np.savez_compressed without the time of day."""
    with zipfile.ZipFile(HERE / name, "w") as archive:
        for key, array in arrays.items():
            entry = zipfile.ZipInfo(key + ".npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            data = io.BytesIO()
            np.save(data, np.ascontiguousarray(array))
            archive.writestr(entry, data.getvalue(), compresslevel=9)
    print(name, {key: (array.dtype.name, array.shape) for key, array in arrays.items()})


def shuffled(rng, *arrays):
    order = rng.permutation(len(arrays[0]))
    return [array[order] for array in arrays]


def balanced(rng, texts_by_class, limit):
    """At most `limit` texts a class, in a random order, with their classes."""
    texts, classes = [], []
    for number, candidates in enumerate(texts_by_class):
        chosen = rng.permutation(len(candidates))[:limit]
        texts += [candidates[i] for i in chosen]
        classes += [number] * len(chosen)
    return shuffled(rng, np.array(texts, object), np.array(classes, np.int32))


def digits(wheel):
    data = zipfile.ZipFile(wheel).read("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(io.StringIO(gzip.decompress(data).decode()), delimiter=",")
    save("digits.npz", x=table[:, :-1].reshape(-1, 8, 8, 1).astype(np.uint8), y=table[:, -1].astype(np.int32))


def diamonds(wheel, rows=12000):
    grades = {
        "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
        "color": list("JIHGFED"),
        "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
    }
    text = zipfile.ZipFile(wheel).read("plotnine/data/diamonds.csv").decode()
    x, y = [], []
    for row in csv.DictReader(io.StringIO(text)):
        if min(float(row[axis]) for axis in "xyz") > 0:
            x.append([float(row["carat"])] + [grades[key].index(row[key]) for key in grades]
                     + [float(row[key]) for key in ("depth", "table", "x", "y", "z")])
            y.append([float(row["price"])])
    x, y = shuffled(np.random.default_rng(1), np.array(x, np.float32), np.array(y, np.float32))
    save("diamonds.npz", x=x[:rows], y=y[:rows])


def definitions(package, limit=2000, length=20, most_words=6000):
    # The numbers of WordNet's lexicographer files of nouns.
    kinds = {"animal": 5, "artifact": 6, "food": 13, "person": 18, "place": 15, "plant": 20}
    glosses = {number: [] for number in kinds.values()}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        for line in (Path(folder) / "usr/share/wordnet/data.noun").read_text().splitlines():
            if not line.startswith(" "):
                number = int(line.split(" ", 2)[1])
                words = re.findall(r"[a-z]+", line.split(" | ")[1].split(";")[0].split('"')[0].lower())
                if number in glosses and len(words) >= 3:
                    glosses[number].append(tuple(words[:length]))
    texts, y = balanced(np.random.default_rng(2), [glosses[number] for number in kinds.values()], limit)
    counts = Counter(word for text in texts for word in text)
    words = sorted((word for word, count in counts.items() if count >= 2), key=lambda word: (-counts[word], word))
    words = ["", "?"] + words[: most_words - 2]
    ids = {word: number for number, word in enumerate(words)}
    x = np.zeros((len(texts), length), np.int32)
    for row, text in zip(x, texts):
        row[: len(text)] = [ids.get(word, 1) for word in text]
    save("definitions.npz", x=x, y=y)
    (HERE / "definitions_words.txt").write_text("\n".join(words[1:]) + "\n")


def names(wheel, limit=1000, length=16):
    languages = {"Croatian": "hr_HR", "Dutch": "nl_NL", "Irish": "en_IE", "Italian": "it_IT", "Polish": "pl_PL",
                 "Spanish": "es_ES"}
    alphabet = "\0abcdefghijklmnopqrstuvwxyz '-"
    sys.path.insert(0, str(wheel))
    found = []
    for locale in languages.values():
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        lists = [getattr(provider, key) for key in sorted(dir(provider)) if key.startswith("last_names")]
        plain = {unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("đ", "d"))
                 .encode("ascii", "ignore").decode() for names in lists for name in names}
        found.append({name for name in plain if 2 <= len(name) <= length and set(name) <= set(alphabet)})
    # Names of several languages teach nothing.
    counts = Counter(name for group in found for name in group)
    groups = [sorted(name for name in group if counts[name] == 1) for group in found]
    texts, y = balanced(np.random.default_rng(3), groups, limit)
    x = np.zeros((len(texts), length), np.int32)
    for row, text in zip(x, texts):
        row[: len(text)] = [alphabet.index(letter) for letter in text]
    save("names.npz", x=x, y=y)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    digits(sys.argv[1])
    diamonds(sys.argv[2])
    names(sys.argv[3])
    definitions(sys.argv[4])
