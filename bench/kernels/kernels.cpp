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

} // namespace

void register_kernels() {
  contraction();
  window();
  reduction();
  elementwise();
}

} // namespace lamina::bench
