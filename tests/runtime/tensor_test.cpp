#include <lamina/tensor.h>

#include <cmath>
#include <limits>
#include <sstream>

#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

namespace lamina {
namespace {

std::string message_of(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "(no error)";
}

TEST(Shape, PrintsAsPythonDoes) {
  EXPECT_EQ(Shape({none, 4}).str(), "(None, 4)");
  EXPECT_EQ(Shape({3}).str(), "(3,)");
  EXPECT_EQ(Shape().str(), "()");
}

TEST(Shape, CountsElementsOrRefuses) {
  EXPECT_EQ(Shape({2, 3}).num_elements(), 6);
  EXPECT_EQ(Shape().num_elements(), 1);
  EXPECT_EQ(Shape({std::int64_t(1) << 62, 8, 0}).num_elements(), 0);
  EXPECT_NE(message_of([] { Shape({std::int64_t(1) << 40, std::int64_t(1) << 40}).num_elements(); }).find("too many"),
            std::string::npos);
  EXPECT_NE(message_of([] { Shape({none, 2}).num_elements(); }).find("(None, 2)"), std::string::npos);
  EXPECT_THROW(Shape({-2}), Error);
  EXPECT_THROW(Shape(std::vector<std::int64_t>(13, 1)), Error);
}

TEST(Shape, IndexesFromBothEnds) {
  Shape shape{2, 3, 5};
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape.back(), 5);
  EXPECT_EQ(shape[0], 2);
  EXPECT_THROW(shape[3], Error);
  EXPECT_THROW(Shape().back(), Error);
  EXPECT_EQ(shape.subshape(1, 3), Shape({3, 5}));
  EXPECT_EQ(Shape({1}).concat(shape), Shape({1, 2, 3, 5}));
}

TEST(DType, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(DType::Float64); ++i)
    EXPECT_EQ(dtype_from_name(dtype_name(static_cast<DType>(i))), static_cast<DType>(i));
  EXPECT_NE(message_of([] { dtype_from_name("float33"); }).find("float33"), std::string::npos);
}

TEST(DType, HalvesRoundToNearestEven) {
  EXPECT_EQ(float16(1.0f).bits, 0x3c00);
  EXPECT_EQ(float16(-2.0f).bits, 0xc000);
  EXPECT_EQ(float16(65504.0f).bits, 0x7bff);
  EXPECT_EQ(float16(65520.0f).bits, 0x7c00);
  EXPECT_EQ(float16(0x1p-24f).bits, 1);
  EXPECT_EQ(float16(1.0f + 0x1p-11f).bits, 0x3c00);
  EXPECT_EQ(float16(1.0f + 3 * 0x1p-11f).bits, 0x3c02);
  EXPECT_TRUE(std::isnan(static_cast<float>(float16(std::nanf("")))));
  for (int bits = 0; bits < 0x7c00; ++bits) {
    float16 half;
    half.bits = static_cast<std::uint16_t>(bits);
    ASSERT_EQ(float16(static_cast<float>(half)).bits, bits);
  }
  EXPECT_EQ(bfloat16(1.0f).bits, 0x3f80);
  EXPECT_EQ(bfloat16(1.0f + 0x1p-8f).bits, 0x3f80);
  EXPECT_EQ(bfloat16(1.0f + 3 * 0x1p-8f).bits, 0x3f82);
  EXPECT_TRUE(std::isnan(static_cast<float>(bfloat16(std::nanf("")))));
}

TEST(Tensor, NestedListsGiveShapeAndDtype) {
  Tensor doubles{{1., 2.}, {3., 4.}, {5., 6.}};
  EXPECT_EQ(doubles.shape(), Shape({3, 2}));
  EXPECT_EQ(doubles.dtype(), DType::Float32);
  EXPECT_EQ(doubles.at<float>(2, 1), 6.0f);
  Tensor ints{1, 2, 3};
  EXPECT_EQ(ints.dtype(), DType::Int32);
  EXPECT_EQ(ints.shape(), Shape({3}));
  Tensor cube{{{1.f}, {2.f}}, {{3.f}, {4.f}}};
  EXPECT_EQ(cube.shape(), Shape({2, 2, 1}));
  EXPECT_EQ((Tensor{true, false}).dtype(), DType::Bool);
  EXPECT_THROW((Tensor{{1, 2}, {3}}), Error);
}

TEST(Tensor, ZeroInitializedAndAligned) {
  Tensor zeros({5, 7}, DType::Float64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(zeros.raw()) % 64, 0u);
  EXPECT_EQ(zeros.nbytes(), 280u);
  for (double value : zeros.values<double>())
    EXPECT_EQ(value, 0.0);
  EXPECT_TRUE(Tensor({0, 3}, DType::Float32).defined());
}

TEST(Tensor, RefusesWhatCannotBe) {
  EXPECT_NE(message_of([] { Tensor({std::int64_t(1) << 60, 1}, DType::Float32); }).find("no memory"),
            std::string::npos);
  EXPECT_THROW(Tensor({none, 2}, DType::Float32), Error);
  EXPECT_THROW(Tensor().data<float>(), Error);
  EXPECT_THROW(Tensor({1.f}).data<double>(), Error);
  EXPECT_THROW(Tensor(std::vector<float>{1, 2, 3}, {2, 2}), Error);
}

TEST(Tensor, CopiesShareClonesDoNot) {
  Tensor a{1, 2, 3}, b = a, c = a.clone();
  a.at<std::int32_t>(0) = 9;
  EXPECT_EQ(b.at<std::int32_t>(0), 9);
  EXPECT_EQ(c.at<std::int32_t>(0), 1);
}

TEST(Tensor, ReshapesAndSlicesWithoutCopying) {
  Tensor a{{1, 2, 3}, {4, 5, 6}};
  Tensor flat = a.reshape({none});
  EXPECT_EQ(flat.shape(), Shape({6}));
  EXPECT_EQ(a.reshape({3, none}).at<int>(2, 1), 6);
  EXPECT_THROW(a.reshape({4, none}), Error);
  EXPECT_THROW(a.reshape({none, none}), Error);
  Tensor last = a.slice(-1, 2);
  EXPECT_EQ(last.shape(), Shape({1, 3}));
  last.at<int>(0, 0) = 40;
  EXPECT_EQ(flat.at<int>(3), 40);
  EXPECT_EQ(a[1].shape(), Shape({3}));
  EXPECT_EQ(a[1].at<int>(0), 40);
  EXPECT_EQ(a.slice(5, 9).numel(), 0);
  EXPECT_THROW(a[2], Error);
  EXPECT_THROW(a.at<int>(0, 3), Error);
}

TEST(Tensor, SlicesKeepTheMemoryAlive) {
  Tensor row;
  {
    Tensor whole{{1.f, 2.f}, {3.f, 4.f}};
    row = whole.slice(1, 2);
  }
  EXPECT_EQ(row.at<float>(0, 1), 4.0f);
}

TEST(Tensor, ConvertsSaturating) {
  Tensor x{1.9, -1.9, 3e10, -3e10, std::nan(""), 0.25};
  Tensor ints = x.astype(DType::Int32);
  EXPECT_EQ(ints.at<int>(0), 1);
  EXPECT_EQ(ints.at<int>(1), -1);
  EXPECT_EQ(ints.at<int>(2), std::numeric_limits<int>::max());
  EXPECT_EQ(ints.at<int>(3), std::numeric_limits<int>::min());
  EXPECT_EQ(ints.at<int>(4), 0);
  EXPECT_EQ(x.astype(DType::UInt8).at<std::uint8_t>(1), 0);
  EXPECT_EQ(x.astype(DType::Bool).at<bool>(5), true);
  EXPECT_EQ((Tensor{300, -1}).astype(DType::Int8).at<std::int8_t>(0), 127);
  EXPECT_EQ((Tensor{1.5}).astype(DType::BFloat16).astype(DType::Float64).at<double>(0), 1.5);
  EXPECT_EQ(x.astype(DType::Float32).raw(), x.raw());
}

TEST(Tensor, Items) {
  EXPECT_EQ(Tensor::scalar(2.5).item<float>(), 2.5f);
  EXPECT_EQ((Tensor{{7}}).item<double>(), 7.0);
  EXPECT_THROW((Tensor{1, 2}).item<int>(), Error);
  EXPECT_EQ(Tensor::scalar(3.0, DType::Int64).dtype(), DType::Int64);
}

TEST(Tensor, WrapsAndReleases) {
  float memory[4] = {1, 2, 3, 4};
  int released = 0;
  {
    Tensor wrapped = Tensor::wrap(memory, {2, 2}, DType::Float32, [&] { ++released; });
    Tensor part = wrapped[1];
    wrapped = Tensor();
    EXPECT_EQ(released, 0);
    EXPECT_EQ(part.at<float>(1), 4.0f);
  }
  EXPECT_EQ(released, 1);
}

TEST(Tensor, DLPackRoundTrip) {
  Tensor a{{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}};
  DLManagedTensor *managed = a.to_dlpack();
  EXPECT_EQ(managed->dl_tensor.ndim, 2);
  EXPECT_EQ(managed->dl_tensor.data, a.raw());
  Tensor b = Tensor::from_dlpack(managed);
  EXPECT_EQ(b.raw(), a.raw());
  EXPECT_EQ(b.shape(), a.shape());
  EXPECT_EQ(b.dtype(), DType::Float32);

  DLManagedTensor *column = a.to_dlpack();
  std::int64_t strides[] = {1, 2};
  column->dl_tensor.strides = strides;
  EXPECT_THROW(Tensor::from_dlpack(column), Error);
}

TEST(Tensor, Prints) {
  EXPECT_EQ((Tensor{{1., 2.5}, {3., -4.}}).str(), "[[ 1. 2.5]\n [ 3. -4.]]");
  EXPECT_EQ((Tensor{1, 20}).str(), "[ 1 20]");
  EXPECT_EQ(Tensor::scalar(true).str(), "True");
  std::string shortened = Tensor::zeros({2000}).str();
  EXPECT_EQ(shortened, "[0. 0. 0. ... 0. 0. 0.]");
  std::ostringstream stream;
  stream << Tensor{1} << Shape{2};
  EXPECT_EQ(stream.str(), "[1](2,)");
}

} // namespace
} // namespace lamina
