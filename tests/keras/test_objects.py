"""The stream of the documentation: its model made by Keras, its program compiled by C's compiler."""

import os
import pathlib
import re
import subprocess

import harness
import keras
import numpy as np

PAGE = pathlib.Path(__file__).parents[2] / "docs/object_files.md"


def block(language, mention):
    """The code in the page that mentions something."""
    return next(text for text in re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S) if mention in text)


class Objects(harness.Case):
    def run_c(self, *arguments, **options):
        return subprocess.run(arguments, cwd=self.folder, check=True, capture_output=True, **options).stdout

    def test_stream(self):
        path = f"{self.folder}/filter.keras"
        exec(block("python", "stateful").replace("filter.keras", path), {"keras": keras})
        model = harness.noise(keras.saving.load_model(path))
        blocks = [harness.floats(1, 16, 2) for _ in range(4)]
        model.save(path)
        want = [harness.keras_outputs(model, [x])[0] for x in blocks]
        self.assertFalse(np.allclose(harness.keras_outputs(model, [blocks[0]])[0], want[0]))
        harness.lamina("compile", path, "-o", f"{self.folder}/filter.o", "--header", f"{self.folder}/filter.h")
        pathlib.Path(self.folder, "stream.c").write_text(block("c", "int main"))
        self.run_c(os.environ.get("CC", "cc"), "-Wall", "-Wextra", "-Werror", "stream.c", "filter.o", "-o", "stream")
        got = np.frombuffer(self.run_c("./stream", input=b"".join(x.tobytes() for x in blocks)), np.float32)
        self.assert_close(list(got.reshape(4, 1, 16, 1)), want)


if __name__ == "__main__":
    harness.main()
