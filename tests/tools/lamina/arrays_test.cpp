#include "tools/lamina/arrays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/files_fixture.h"

namespace lamina::tools {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Arrays : public runtime::Files {
protected:
  runtime::NpzReader file(const runtime::NamedTensors &arrays) {
    runtime::write_npz(path("x.npz"), arrays);
    return runtime::NpzReader(path("x.npz"));
  }
};

const ArraySpec entry{"input 'entry'", {"entry", "input_0"}, {none, 4}, DType::Float32};

TEST_F(Arrays, ByNameOrPosition) {
  Tensor x({2, 4}, DType::Float32);
  EXPECT_EQ(read_array(file({{"entry", x}, {"other", Tensor{1}}}), entry).shape(), Shape({2, 4}));
  EXPECT_EQ(read_array(file({{"input_0", x}}), entry).shape(), Shape({2, 4}));
}

TEST_F(Arrays, AreConverted) {
  EXPECT_EQ(read_array(file({{"entry", Tensor({0, 4}, DType::Float64)}}), entry).dtype(), DType::Float32);
  Tensor tokens = read_array(file({{"t", Tensor{{1., 2.}}}}), {"t", {"t"}, {none, 2}, DType::Int32});
  EXPECT_EQ(tokens.at<std::int32_t>(0, 1), 2);
}

TEST_F(Arrays, NameWhatIsMissingOrDoesNotFit) {
  EXPECT_THAT(runtime::error_of([&] { read_array(file({{"else", Tensor{1}}}), entry); }),
              AllOf(HasSubstr("x.npz"), HasSubstr("'entry'"), HasSubstr("'input_0'"), HasSubstr("'else'")));
  EXPECT_THAT(runtime::error_of([&] { read_array(file({{"entry", Tensor({2, 5}, DType::Float32)}}), entry); }),
              AllOf(HasSubstr("(2, 5)"), HasSubstr("(None, 4)")));
  EXPECT_THAT(runtime::error_of([&] { read_array(file({{"entry", Tensor({2, 3, 4}, DType::Float32)}}), entry); }),
              HasSubstr("(2, 3, 4)"));
  EXPECT_THAT(runtime::error_of([&] { read_array(file({{"entry", Tensor::scalar(1.f)}}), entry); }), HasSubstr("()"));
}

TEST_F(Arrays, BatchesAgree) {
  std::vector<ArraySpec> specs = {{"input 'a'", {"a"}, {none, 4}, DType::Float32},
                                  {"input 'b'", {"b"}, {none, 3}, DType::Float32}};
  auto two_and = [&](std::int64_t rows) {
    return file({{"a", Tensor({2, 4}, DType::Float32)}, {"b", Tensor({rows, 3}, DType::Float32)}});
  };
  EXPECT_EQ(read_arrays(two_and(2), specs).size(), 2u);
  EXPECT_THAT(runtime::error_of([&] { read_arrays(two_and(3), specs); }), AllOf(HasSubstr("2 rows"), HasSubstr("3")));
}

TEST_F(Arrays, Numbered) {
  EXPECT_EQ(read_numbered(file({{"x", Tensor{1}}}), "x").size(), 1u);
  EXPECT_EQ(read_numbered(file({{"x_1", Tensor{1}}, {"x_0", Tensor{2}}}), "x")[0].item<int>(), 2);
  EXPECT_THAT(runtime::error_of([&] { read_numbered(file({{"x", Tensor{1}}}), "y"); }),
              AllOf(HasSubstr("'y'"), HasSubstr("'y_0'"), HasSubstr("'x'")));
}

} // namespace
} // namespace lamina::tools
