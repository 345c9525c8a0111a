#ifndef LAMINA_BENCH_LAYERS_H
#define LAMINA_BENCH_LAYERS_H

#include <lamina/layer.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lamina::bench {

struct LayerOptions {
  bool training = false;
  std::int64_t ids = 0; ///< inputs are numbers below this; 0: floating-point
};

/// Registers `name`/forward and `name`/gradient of a layer on random arrays of these shapes, batch included. The
/// gradient is for inputs and weights, of given derivatives for the output.
///
/// Work is what the compiler counts in each kernel, and of_limit is the least time that the machine allows for the
/// kernels one after the other, over the time taken.
void layer(const std::string &name, const Inner &layer, const std::vector<Shape> &inputs,
           const LayerOptions &options = {});

} // namespace lamina::bench

#endif
