#include "bench/program.h"

namespace lamina::bench {
namespace {

constexpr double f32 = sizeof(float);

void contraction() {
  kernel("matmul/1024", {.flops = 2 * 1024.0 * 1024 * 1024, .bytes = 3 * 1024.0 * 1024 * f32},
         Program{{{1024, 1024}}, {{1024, 1024}}, [](auto &in, auto &w) { return matmul(in[0], w[0]); }});
  kernel("gemv/1024",
         {.bound = Work::Bound::read, .flops = 2 * 1024.0 * 1024, .bytes = (1024.0 * 1024 + 2 * 1024) * f32},
         Program{{{1, 1024}}, {{1024, 1024}}, [](auto &in, auto &w) { return matmul(in[0], w[0]); }});
}

void window() {
  constexpr double pixels = 56 * 56;
  kernel("conv2d_bias_relu/56x56x64x64",
         {.flops = 2 * pixels * 64 * 64 * 9, .bytes = (2 * pixels * 64 + 9 * 64 * 64 + 64) * f32},
         Program{{{1, 56, 56, 64}}, {{3, 3, 64, 64}, {64}}, [](auto &in, auto &w) {
                   return relu(conv(in[0], w[0], {.padding = "same"}) + w[1]);
                 }});
}

void reduction() {
  constexpr double elements = 1024 * 1024;
  kernel("softmax/1024x1024", {.bound = Work::Bound::copy, .flops = 4 * elements, .bytes = 2 * elements * f32},
         Program{{{1024, 1024}}, {}, [](auto &in, auto &) { return softmax(in[0]); }});
  kernel("layer_normalization/1024x1024",
         {.bound = Work::Bound::copy, .flops = 8 * elements, .bytes = (2 * elements + 2 * 1024) * f32},
         Program{{{1024, 1024}}, {{1024}, {1024}}, [](auto &in, auto &w) {
                   Value centred = in[0] - mean(in[0], -1, true);
                   return centred * rsqrt(mean(square(centred), -1, true) + 1e-3) * w[0] + w[1];
                 }});
}

void elementwise() {
  constexpr double elements = 1024 * 4096;
  kernel("gelu_scale_shift/1024x4096",
         {.bound = Work::Bound::copy, .flops = 10 * elements, .bytes = (2 * elements + 2 * 4096) * f32},
         Program{{{1024, 4096}}, {{4096}, {4096}}, [](auto &in, auto &w) { return gelu(in[0] * w[0] + w[1], false); }});
}

Value attention_of(const Values &in) {
  Value scores = dot_general(in[0] * 0.125, in[1], {3}, {3}, {0, 1}, {0, 1});
  return dot_general(softmax(scores), in[2], {3}, {2}, {0, 1}, {0, 1});
}

void attention() {
  constexpr std::int64_t heads = 4, size = 64;
  for (std::int64_t length : {512, 4096}) {
    Shape shape{1, heads, length, size};
    double product = 2.0 * heads * length * length * size, bytes = 4.0 * heads * length * size * f32;
    std::string row = std::to_string(length) + "x" + std::to_string(size) + "x" + std::to_string(heads);
    kernel("attention/" + row, {.flops = 2 * product, .bytes = bytes},
           Program{{shape, shape, shape}, {}, [](auto &in, auto &) { return attention_of(in); }});
    // The scores, the result, the derivative of the weights, and three by the operands.
    kernel("attention_gradient/" + row, {.flops = 6 * product, .bytes = 2 * bytes},
           Program{{shape, shape, shape, shape}, {}, [](auto &in, auto &) {
                     Values by = gradient(sum(attention_of(in) * in[3]), Values{in[0], in[1], in[2]});
                     return Value(by[0] + by[1] + by[2]);
                   }});
  }
}

} // namespace

void register_kernels() {
  attention();
  contraction();
  window();
  reduction();
  elementwise();
}

} // namespace lamina::bench
