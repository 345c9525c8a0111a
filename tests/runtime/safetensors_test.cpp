#include "runtime/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/files_fixture.h"

namespace lamina::runtime {
namespace {

using ::testing::HasSubstr;
using Safetensors = Files;

std::string file_of(const std::string &header, const std::string &data) {
  std::string text;
  for (int i = 0; i < 8; ++i)
    text += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return text + header + data;
}

TEST_F(Safetensors, RoundTripOfEveryDtype) {
  NamedTensors arrays;
  for (int i = 0; i <= static_cast<int>(DType::Float64); ++i)
    arrays.emplace_back("layer/" + std::to_string(i),
                        Tensor{{1., 0.}, {0., 1.}, {1., 1.}}.astype(static_cast<DType>(i)));
  arrays.emplace_back("scalar", Tensor::scalar(2.5));
  write_safetensors(path("x.safetensors"), arrays);
  NamedTensors read = read_safetensors(path("x.safetensors"));
  ASSERT_EQ(read.size(), arrays.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].first, arrays[i].first);
    EXPECT_EQ(read[i].second.dtype(), arrays[i].second.dtype());
    EXPECT_EQ(read[i].second.shape(), arrays[i].second.shape());
    EXPECT_EQ(read[i].second.str(), arrays[i].second.str());
  }
}

TEST_F(Safetensors, RefusesDamage) {
  auto opened = [&](const std::string &data) {
    return error_of([&] { read_safetensors(write("x.safetensors", data)); });
  };
  auto entry = [&](const std::string &fields) { return opened(file_of("{\"a\": {" + fields + "}}", "12345678")); };
  EXPECT_EQ(entry(R"("dtype": "F32", "shape": [2], "data_offsets": [0, 8])"), "(no error)");
  EXPECT_THAT(entry(R"("dtype": "F32", "shape": [3], "data_offsets": [0, 8])"), HasSubstr("(3,)"));
  EXPECT_THAT(entry(R"("dtype": "F32", "shape": [2], "data_offsets": [4, 12])"), HasSubstr("not inside"));
  EXPECT_THAT(entry(R"("dtype": "F32", "shape": [2], "data_offsets": [8, 0])"), HasSubstr("not inside"));
  EXPECT_THAT(entry(R"("dtype": "F8", "shape": [2], "data_offsets": [0, 8])"), HasSubstr("F8"));
  EXPECT_THAT(entry(R"("dtype": "F32", "shape": [-2], "data_offsets": [0, 8])"), HasSubstr("shape"));
  EXPECT_THAT(entry(R"("dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 8])"),
              HasSubstr("too many"));
  EXPECT_THAT(entry(R"("dtype": "F32")"), HasSubstr("missing"));
  EXPECT_THAT(opened(file_of("[]", "")), HasSubstr("no JSON object"));
  EXPECT_THAT(opened(file_of(std::string(100000, '['), "")), HasSubstr("nests deeper"));
  EXPECT_THAT(opened(file_of("{", "")), HasSubstr("no JSON"));
  EXPECT_THAT(opened(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}")), HasSubstr("no .safetensors"));
  EXPECT_THAT(opened("abc"), HasSubstr("no .safetensors"));
  EXPECT_THAT(error_of([&] { write_safetensors(path("y"), {{"a", Tensor{1}}, {"a", Tensor{1}}}); }),
              HasSubstr("two arrays"));
}

} // namespace
} // namespace lamina::runtime
