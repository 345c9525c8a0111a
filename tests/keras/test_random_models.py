"""Models drawn at random from all layers: outputs, gradients, a training step and files agree with Keras's.

    test_random_models.py LAMINA [--seed N] [--models N] [--only I,J] [--jobs N] [--shrink SECONDS]
"""

import argparse
import collections
import functools
import multiprocessing
import os
import resource
import subprocess
import sys
import time
import warnings

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

MOST_REDRAWN = 30  # times that a program may turn out not to be one
MOST_LEFT_OUT = 0.1  # of all arrays: those whose float32 values say nothing
BATCH = 8  # models a task; their traces are forgotten behind them


def known_layers(cli):
    lines = subprocess.run([cli, "list", "layers"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split("(")[0] for line in lines]


def star_of(index, classes):
    """The class whose turn it is."""
    from drawing import NOT_CALLED

    stars = [cls for cls in classes if cls not in NOT_CALLED]
    return stars[index % len(stars)]


def draw(seed, index, classes):
    """Programs of this number: about the layer whose turn it is, then about none, for what Keras only has with TensorFlow."""
    from drawing import Drawing

    for star in (star_of(index, classes), None):
        for attempt in range(MOST_REDRAWN):
            program = Drawing(f"{seed}/{index}/{attempt}", classes, star).program()
            if program:
                yield star, program


def run_batch(cli, seed, classes, seconds, indices):
    """-> a dictionary for each model."""
    import jax

    import keras

    from checks import Unfit, check
    from programs import skip_initializers
    from shrinking import shrink

    skip_initializers()
    results = []
    for index in indices:
        result = {"index": index, "failure": None, "compared": 0, "left_out": 0, "layers": [], "why": "nothing drawn"}
        try:
            for star, program in draw(seed, index, classes):
                try:
                    wrong, result["compared"], result["left_out"] = check(cli, program)
                except Unfit as error:
                    result["why"] = str(error)
                    continue
                result["why"] = ""
                result["calls"] = len(program.nodes)
                result["missed"] = "" if star else star_of(index, classes)
                if wrong:  # the first in the order of the checks; the others mostly have the same cause
                    kind, (sort, message) = next(iter(wrong.items()))
                    small, again = shrink(cli, program, kind, sort, seconds)
                    others = "".join(f"; also {other[0]}" for other in list(wrong.values())[1:])
                    result["failure"] = (sort + others, again or message, small.script())
                break
        except Exception as error:
            result["why"] = f"{type(error).__name__}: {error}"
        results.append(result)
    jax.clear_caches()
    keras.utils.clear_session()
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lamina")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--only", help="numbers of models with commas between")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--shrink", type=float, default=60, help="seconds to spend on making a failure small")
    options = parser.parse_args()
    cli = os.path.abspath(options.lamina)
    classes = known_layers(cli)
    indices = [int(i) for i in options.only.split(",")] if options.only else range(options.models)
    print(f"seed {options.seed}, {len(indices)} models of {len(classes)} classes of layers", flush=True)
    batches = [indices[i:i + BATCH] for i in range(0, len(indices), BATCH)]
    start, totals, failed, calls, missed = time.monotonic(), collections.Counter(), 0, collections.Counter(), {""}
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        work = functools.partial(run_batch, cli, options.seed, classes, options.shrink)
        for result in (result for batch in pool.imap_unordered(work, batches) for result in batch):
            totals.update(compared=result["compared"], left_out=result["left_out"], drawn=not result["why"])
            calls[result.get("calls", 0)] += 1
            missed |= {result.get("missed", "")}
            if result["why"]:
                failed += 1
                print(f"model {result['index']}: none could be drawn: {result['why']}")
            if result["failure"]:
                failed += 1
                sort, message, script = result["failure"]
                print(f"\nmodel {result['index']} [{sort}]: {message}\n{'-' * 40}\n{script}\n{'-' * 40}")
            sys.stdout.flush()
        pool.close()
        pool.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{totals['drawn']} models, {totals['compared']} arrays compared, {totals['left_out']} left out, {failed} failures, "
          f"{time.monotonic() - start:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processors; calls a model: {dict(sorted(calls.items()))}")
    if missed := sorted(missed - {""}):
        print(f"no model could be drawn about {', '.join(missed)}")
    if totals["left_out"] > MOST_LEFT_OUT * (totals["compared"] + totals["left_out"]):
        sys.exit("too many arrays were left out")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
