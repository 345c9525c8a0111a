// Runs the program on a small model and looks at what it writes.

#include <sys/wait.h>

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lamina/lamina.h>

#include "runtime/files.h"
#include "runtime/json.h"
#include "runtime/npy.h"
#include "runtime/safetensors.h"
#include "tests/runtime/files_fixture.h"

namespace lamina::tools {
namespace {

using runtime::Json;
using ::testing::HasSubstr;

struct Outcome {
  int code;
  std::string out, err;
};

class Commands : public runtime::Files {
protected:
  Commands() {
    Sequential model({Input({3}, {.name = "entry"}), layers::Dense(4, {.activation = "tanh", .name = "first"}),
                      layers::Dense(2, {.name = "second"})});
    model.save(path("model.keras"));
    runtime::write_npz(path("x.npz"), {{"entry", x}});
  }

  Outcome call(const std::string &arguments) const {
    std::string command = "cd " + folder.string() + " && '" LAMINA_PROGRAM "' " + arguments + " >out.txt 2>err.txt";
    int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text("out.txt"), text("err.txt")};
  }
  void works(const std::string &arguments) const {
    Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments << ": " << outcome.err;
  }
  void refused(const std::string &arguments, int code, const std::string &mention) const {
    Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, code) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr(mention));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  std::string text(const std::string &name) const { return runtime::read_file(path(name), 1 << 24); }
  Tensor array(const std::string &file, const std::string &name) const {
    return runtime::NpzReader(path(file)).read(name);
  }
  double loss(const std::string &file, std::size_t epoch) const {
    return runtime::parse_json(text(file), file)["history"]["loss"][epoch].get<double>();
  }

  Tensor x{{1., 2., 3.}, {-1., 0., 1.}, {.5, .5, .5}, {0., 0., 0.}};
};

void expect_close(const Tensor &found, const Tensor &expected) {
  ASSERT_EQ(found.shape(), expected.shape());
  for (std::int64_t i = 0; i < found.numel(); ++i)
    ASSERT_NEAR(found.data<float>()[i], expected.data<float>()[i], 1e-5);
}

TEST_F(Commands, Run) {
  works("run model.keras -i x.npz -o y.npz --threads 1");
  expect_close(array("y.npz", "output_0"), load_model(path("model.keras")).predict(x));
  runtime::write_npz(path("wide.npz"), {{"input_0", Tensor({4, 5}, DType::Float32)}});
  refused("run model.keras -i wide.npz -o z.npz", 1, "(4, 5)");
  refused("run model.keras -i nothing.npz -o z.npz", 1, "nothing.npz");
  refused("run nothing.keras -i x.npz -o z.npz", 1, "nothing.keras");
  refused("run model.keras -i x.npz -o none/z.npz", 1, "none/z.npz");
  refused("run model.keras -i x.npz", 2, "--output");
  refused("run model.keras -i x.npz -o z.npz --threads 0", 2, "--threads");
  EXPECT_FALSE(std::filesystem::exists(folder / "z.npz"));
}

TEST_F(Commands, Grad) {
  runtime::write_npz(path("c.npz"), {{"entry", x}, {"cotangent_0", Tensor::full({4, 2}, 1)}});
  works("grad model.keras -i c.npz -o g.npz");
  EXPECT_EQ(array("g.npz", "grad_input_0").shape(), Shape({4, 3}));
  EXPECT_EQ(array("g.npz", "grad_weight_0").shape(), Shape({3, 4}));
  expect_close(array("g.npz", "grad_weight_3"), Tensor::full({2}, 4));
  refused("grad model.keras -i x.npz -o g.npz", 1, "cotangent_0");
}

TEST_F(Commands, TrainTheSameOnOneAndTwoThreads) {
  runtime::write_npz(path("d.npz"), {{"x", x}, {"y", Tensor::full({4, 2}, 1)}});
  for (const char *threads : {"1", "2"})
    works(std::string("train model.keras -d d.npz -o t") + threads +
          ".keras --loss mean_squared_error --optimizer adam:learning_rate=0.01 --epochs 5 --batch-size 2 --seed 3 "
          "--threads " +
          threads + " --json log" + threads + ".json --validation-data d.npz --metrics mae");
  EXPECT_LT(loss("log1.json", 4), loss("log1.json", 0));
  EXPECT_EQ(text("log1.json"), text("log2.json"));
  Json history = runtime::parse_json(text("log1.json"), "log")["history"];
  EXPECT_TRUE(history.contains("val_loss"));
  EXPECT_EQ(history["val_loss"].size(), 5u);
  works("run t1.keras -i x.npz -o y.npz");
  const std::string common = "train model.keras -d d.npz -o t.keras --epochs 1 --batch-size 2";
  refused(common + " --loss horror --optimizer sgd", 1, "horror");
  refused(common + " --loss mse --optimizer sgdx", 1, "sgdx");
  refused(common + " --loss mse --optimizer sgd:speed=1", 1, "speed");
  refused(common + " --loss mse --optimizer sgd:learning_rate=fast", 1, "fast");
  runtime::write_npz(path("d.npz"), {{"x", x}, {"y", Tensor::full({3, 2}, 1)}});
  refused(common + " --loss mse --optimizer sgd", 1, "4 rows");
}

TEST_F(Commands, Convert) {
  works("convert model.keras copy.keras");
  works("run model.keras -i x.npz -o y.npz");
  works("run copy.keras -i x.npz -o z.npz");
  EXPECT_EQ(array("y.npz", "output_0").str(), array("z.npz", "output_0").str());
  works("convert model.keras weights.safetensors");
  EXPECT_EQ(runtime::read_safetensors(path("weights.safetensors")).size(), 4u);
  refused("convert model.keras weights.txt", 2, "weights.txt");
}

TEST_F(Commands, SummaryAndPlot) {
  Outcome summary = call("summary model.keras");
  EXPECT_EQ(summary.code, 0);
  EXPECT_THAT(summary.out, HasSubstr("first"));
  works("plot model.keras -o model.dot");
  EXPECT_THAT(text("model.dot"), HasSubstr("second"));
  refused("plot model.keras -o model.txt", 2, "model.txt");
}

TEST_F(Commands, Compile) {
  works("compile model.keras -o model.o --header model.h --name small_net --batch 1");
  EXPECT_THAT(text("model.h"), HasSubstr("small_net_run"));
  EXPECT_FALSE(text("model.o").empty());
  Outcome shown = call("compile model.keras --emit=lamina --name small_net");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("lamina.dot_general"));
  works("compile model.keras -o model.o --weights external");
  EXPECT_EQ(text("model.weights").size() % 64, 0u);
  EXPECT_GE(text("model.weights").size(), 26 * sizeof(float));
  refused("compile model.keras -o - --weights=external", 2, "--weights");
  refused("compile model.keras -o m.weights --weights=external", 2, "--weights");
  refused("compile model.keras -o m.o --weights=elsewhere", 2, "elsewhere");
  refused("compile model.keras -o m.o --target s390x-linux-gnu", 1, "big-endian");
  refused("compile model.keras", 2, "-o");
  refused("compile model.keras -o m.o --emit=everything", 2, "everything");
  refused("compile model.keras -o m.o --name '1 2'", 2, "--name");
}

TEST_F(Commands, Bench) {
  Outcome inference = call("bench model.keras --batch 4 --threads 1 --json -");
  ASSERT_EQ(inference.code, 0) << inference.err;
  Json figures = runtime::parse_json(inference.out, "bench");
  for (const char *name : {"compile_ms", "median_us", "min_us", "p90_us", "peak_rss_mb"})
    EXPECT_TRUE(figures.contains(name)) << name;
  works("bench model.keras --batch 4 --train --loss mse --optimizer adam");
  refused("bench model.keras --train", 2, "--loss");
}

/// The numbers of all kernels of a layer.
Json kernels_of(const Json &figures, const std::string &layer) {
  Json found = {{"calls", 0}, {"flops", 0}, {"bytes", 0}};
  for (const Json &kernel : figures["kernels"])
    if (std::find(kernel["layers"].begin(), kernel["layers"].end(), layer) != kernel["layers"].end())
      for (auto &[name, value] : found.items())
        value = value.get<std::int64_t>() + kernel[name].get<std::int64_t>();
  return found;
}

TEST_F(Commands, BenchProfile) {
  Outcome shown = call("bench model.keras --batch 4 --threads 1 --profile --json figures.json");
  ASSERT_EQ(shown.code, 0) << shown.err;
  for (const char *word : {"kernel", "first", "second", "GFLOP/s", "of limit", "total"})
    EXPECT_THAT(shown.out, HasSubstr(word));
  Json figures = runtime::parse_json(text("figures.json"), "figures.json");
  EXPECT_TRUE(figures.contains("median_us"));
  double share = 0;
  for (const Json &kernel : figures["kernels"]) {
    EXPECT_GT(kernel["us"].get<double>(), 0);
    EXPECT_GT(kernel["of_limit"].get<double>(), 0);
    share += kernel["share"].get<double>();
  }
  EXPECT_GT(share, 0);
  EXPECT_LE(share, 1.0001);
  // x w + b for 4 rows of 3 to 2 columns from the 4 columns of the first layer, once a call.
  Json second = kernels_of(figures, "second");
  EXPECT_EQ(second["calls"], 1);
  EXPECT_EQ(second["flops"], 4 * 2 * (2 * 4 + 1));
  EXPECT_EQ(second["bytes"], 4 * (4 * 4 + 4 * 2 + 2 + 4 * 2));
}

TEST_F(Commands, BenchProfileOfTraining) {
  Outcome shown = call("bench model.keras --batch 4 --train --loss mse --optimizer adam --profile --json -");
  ASSERT_EQ(shown.code, 0) << shown.err;
  Json figures = runtime::parse_json(shown.out, "bench");
  for (const char *part : {"first", "second", "mean_squared_error", "adam"})
    EXPECT_GT(kernels_of(figures, part)["calls"].get<int>(), 0) << part;
  // Forward and the two gradients of x w are at least 3 products of 2 · 4 · 4 · 2, 4 rows of 4 to 2 columns.
  EXPECT_GE(kernels_of(figures, "second")["flops"].get<int>(), 3 * 2 * 4 * 4 * 2);
}

} // namespace
} // namespace lamina::tools
