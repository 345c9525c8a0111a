#include "runtime/native_executable.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lamina::runtime {
namespace {

using ::testing::HasSubstr;

int prepares = 0;

/// y[i] = x[i] * doubled weight, with a workspace and prepared weights as the compiler would use them; counter += 1.
NativeCode scale() {
  NativeCode code;
  code.signature.arguments = {{"x", {none, 2}, DType::Float32, ArgumentKind::Input},
                              {"w", {1}, DType::Float32, ArgumentKind::Weight},
                              {"counter", {}, DType::Int64, ArgumentKind::State}};
  code.signature.results = {{"y", {none, 2}, DType::Float32}, {"", {}, DType::Int64, 2}};
  code.workspace = [](const std::int64_t *dims) { return dims[0] * 8; };
  code.shapes = [](const std::int64_t *dims, std::int64_t *out) -> std::int32_t { return out[0] = dims[0], 0; };
  code.prepared_bytes = {4};
  code.prepare = [](void *const *buffers, void *const *prepared, const lamina_context *) -> std::int32_t {
    ++prepares;
    *static_cast<float *>(prepared[0]) = 2 * *static_cast<float *>(buffers[1]);
    return 0;
  };
  code.entry = [](void *const *buffers, const std::int64_t *dims, void *workspace,
                  const lamina_context *) -> std::int32_t {
    if (dims[0] > 100)
      return 1;
    auto *x = static_cast<float *>(buffers[0]), *y = static_cast<float *>(buffers[3]),
         *temp = static_cast<float *>(workspace);
    for (std::int64_t i = 0; i < dims[0] * 2; ++i)
      temp[i] = x[i] * *static_cast<float *>(buffers[4]);
    std::copy_n(temp, dims[0] * 2, y);
    ++*static_cast<std::int64_t *>(buffers[2]);
    return 0;
  };
  code.messages = {"", "too many rows"};
  return code;
}

std::string error_of(Executable &executable, std::vector<Tensor> arguments) {
  try {
    executable(arguments);
  } catch (const Error &error) {
    return error.what();
  }
  return "(no error)";
}

TEST(NativeExecutable, RunsUpdatesAndPreparesOnce) {
  prepares = 0;
  NativeExecutable executable(scale());
  Tensor w{3.f}, counter = Tensor::scalar(std::int64_t(0));
  std::vector<Tensor> first = executable(std::vector<Tensor>{Tensor{{1.f, 2.f}}, w, counter});
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].shape(), Shape({1, 2}));
  EXPECT_EQ(first[0].at<float>(0, 1), 12.0f);
  std::vector<Tensor> second = executable(std::vector<Tensor>{Tensor{{1.f, 2.f}, {3.f, 4.f}}, w, counter});
  EXPECT_EQ(second[0].at<float>(1, 1), 24.0f);
  EXPECT_EQ(counter.item<int>(), 2);
  EXPECT_EQ(prepares, 1);
  w.fill(1);
  executable.weights_changed();
  EXPECT_EQ(executable(std::vector<Tensor>{Tensor{{1.f, 2.f}}, w, counter})[0].at<float>(0, 1), 4.0f);
  EXPECT_EQ(prepares, 2);
  EXPECT_EQ(executable(std::vector<Tensor>{Tensor{{1.f, 2.f}}, Tensor{5.f}, counter})[0].at<float>(0, 1), 20.0f);
  EXPECT_EQ(prepares, 3);
}

TEST(NativeExecutable, AddsUpMarksOfOneCall) {
  NativeCode code = scale();
  code.sites = {{.kernel = "kernel_0", .layers = {"dense"}}, {.kernel = "kernel_1", .layers = {}}};
  code.entry = [](void *const *, const std::int64_t *dims, void *, const lamina_context *context) -> std::int32_t {
    for (std::int64_t row = 0; row < dims[0]; ++row) {
      context->mark(context, -1, 0, 0, 0);
      context->mark(context, 0, 10, 3, 30);
    }
    return 0;
  };
  NativeExecutable executable(code);
  std::vector<Tensor> arguments{Tensor{{1.f, 2.f}, {3.f, 4.f}}, Tensor{1.f}, Tensor::scalar(std::int64_t(0))};
  std::vector<Tensor> results(1);
  Profile profile;
  for (int call = 0; call < 2; ++call)
    executable.run(arguments, results, {.profile = &profile});
  ASSERT_EQ(profile.kernels.size(), 2u);
  EXPECT_EQ(profile.kernels[0].layers, std::vector<std::string>{"dense"});
  EXPECT_EQ(profile.kernels[0].calls, 2);
  EXPECT_EQ(profile.kernels[0].flops, 20);
  EXPECT_EQ(profile.kernels[0].bytes, 6);
  EXPECT_EQ(profile.kernels[0].within, 30);
  EXPECT_GE(profile.kernels[0].microseconds, 0);
  EXPECT_EQ(profile.kernels[1].calls, 0);
  EXPECT_GT(profile.other_microseconds, 0);
  executable.run(arguments, results, {}); // marks lead nowhere
}

TEST(NativeExecutable, WritesIntoResultsThatFit) {
  NativeExecutable executable(scale());
  std::vector<Tensor> arguments{Tensor{{1.f, 2.f}}, Tensor{1.f}, Tensor::scalar(std::int64_t(0))};
  Tensor room({1, 2}, DType::Float32), results[] = {room};
  executable.run(arguments, results, {});
  EXPECT_EQ(results[0].raw(), room.raw());
  EXPECT_EQ(room.at<float>(0, 0), 2.0f);
  results[0] = Tensor({7, 2}, DType::Float32);
  executable.run(arguments, results, {});
  EXPECT_EQ(results[0].shape(), Shape({1, 2}));
}

TEST(NativeExecutable, NamesWhatDoesNotFit) {
  NativeExecutable executable(scale());
  Tensor x{{1.f, 2.f}}, w{3.f}, counter = Tensor::scalar(std::int64_t(0));
  EXPECT_THAT(error_of(executable, {x, w}), HasSubstr("expected 3 arguments, found 2"));
  EXPECT_THAT(error_of(executable, {Tensor{{1.f, 2.f, 3.f}}, w, counter}),
              HasSubstr("input 'x' has shape (1, 3), expected (None, 2)"));
  EXPECT_THAT(error_of(executable, {Tensor{{1, 2}}, w, counter}), HasSubstr("input 'x' is int32, expected float32"));
  EXPECT_THAT(error_of(executable, {x, Tensor(), counter}), HasSubstr("weight 'w' is missing"));
  EXPECT_THAT(error_of(executable, {Tensor({101, 2}, DType::Float32), w, counter}), HasSubstr("too many rows"));
}

TEST(NativeExecutable, BatchesMustAgree) {
  Signature signature;
  signature.arguments = {{"a", {none, 4}}, {"b", {none, 3}}};
  Tensor two({2, 4}, DType::Float32), three({3, 3}, DType::Float32);
  try {
    check_arguments(signature, std::vector<Tensor>{two, three});
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), "the batches differ: input 'a' has 2 rows, input 'b' has 3");
  }
}

TEST(NativeExecutable, RunsOnSeveralThreadsAtOnce) {
  NativeExecutable executable(scale());
  Tensor w{1.f};
  auto work = [&] {
    Tensor counter = Tensor::scalar(std::int64_t(0));
    for (int i = 0; i < 200; ++i) {
      Tensor x = Tensor::full({1 + i % 9, 2}, i);
      std::vector<Tensor> y = executable(std::vector<Tensor>{x, w, counter});
      ASSERT_EQ(y[0].at<float>(0, 1), 2.0f * static_cast<float>(i));
    }
  };
  std::thread second(work);
  work();
  second.join();
}

} // namespace
} // namespace lamina::runtime
