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


def first_fit(cli, seed, index, classes):
    """-> (whether it is about its star, the program, what check says of it); Unfit where none is."""
    from checks import Unfit, check

    problem = "nothing drawn"
    for star, program in draw(seed, index, classes):
        try:
            return bool(star), program, check(cli, program)
        except Unfit as error:
            problem = str(error)
    raise Unfit(problem)


def run_batch(cli, seed, classes, indices):
    """-> a dictionary for each model."""
    import jax

    import keras

    from programs import skip_initializers

    skip_initializers()
    results = []
    for index in indices:
        result = {"index": index, "compared": 0, "left_out": 0, "why": ""}
        try:
            about_star, program, (wrong, result["compared"], result["left_out"]) = first_fit(cli, seed, index, classes)
            result["calls"] = len(program.nodes)
            result["missed"] = "" if about_star else star_of(index, classes)
            if wrong:
                result["failure"] = "; also ".join(sort for sort, _ in wrong.values()), *first_of(wrong), program.script()
        except Exception as error:
            result["why"] = f"{type(error).__name__}: {error}"
        results.append(result)
    jax.clear_caches()
    keras.utils.clear_session()
    return results


def first_of(wrong):
    """The first in the order of the checks, (kind, sort, message); the others mostly have the same cause."""
    kind, (sort, message) = next(iter(wrong.items()))
    return kind, sort, message


def shrink_one(cli, seed, classes, seconds, index):
    """-> (message, script) of a failing model made small."""
    from programs import skip_initializers
    from shrinking import shrink

    skip_initializers()
    _, program, (wrong, _, _) = first_fit(cli, seed, index, classes)
    kind, sort, message = first_of(wrong)
    small, again = shrink(cli, program, kind, sort, seconds)
    return again or message, small.script()


def report(title, message, script):
    print(f"\n{title}: {message}\n{'-' * 40}\n{script}\n{'-' * 40}", flush=True)


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
    start, totals, failed, calls, missed = time.monotonic(), collections.Counter(), [], collections.Counter(), {""}
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        work = functools.partial(run_batch, cli, options.seed, classes)
        for result in (result for batch in pool.imap_unordered(work, batches) for result in batch):
            totals.update(compared=result["compared"], left_out=result["left_out"], drawn=int(not result["why"]))
            calls[result.get("calls", 0)] += 1
            missed |= {result.get("missed", "")}
            if result["why"]:
                failed.append(None)
                print(f"model {result['index']}: none could be drawn: {result['why']}", flush=True)
            if "failure" in result:
                failed.append(result["index"])
                sorts, _, _, message, script = result["failure"]
                report(f"model {result['index']} [{sorts}]", message, script)
        # A compiler that takes minutes over a candidate costs that candidate, not the run.
        smaller = functools.partial(shrink_one, cli, options.seed, classes, options.shrink)
        tasks = [(index, pool.apply_async(smaller, [index])) for index in failed if index is not None and options.shrink]
        for index, task in tasks:
            try:
                report(f"model {index}, made small", *task.get(2 * options.shrink + 60))
            except multiprocessing.TimeoutError:
                print(f"model {index} could not be made small in time", flush=True)
        if not tasks:
            pool.close()
            pool.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{totals['drawn']} models, {totals['compared']} arrays compared, {totals['left_out']} left out, {len(failed)} failures, "
          f"{time.monotonic() - start:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processors; calls a model: {dict(sorted(calls.items()))}")
    if missed := sorted(missed - {""}):
        print(f"no model could be drawn about {', '.join(missed)}")
    if totals["left_out"] > MOST_LEFT_OUT * (totals["compared"] + totals["left_out"]):
        sys.exit("too many arrays were left out")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
