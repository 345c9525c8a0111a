#ifndef LAMINA_PROFILE_H
#define LAMINA_PROFILE_H

#include <cstdint>
#include <string>
#include <vector>

namespace lamina {

/// What one call of a model spent in one fused kernel.
struct KernelProfile {
  std::string kernel;              ///< its name in the compiled code; equal kernels are one
  std::vector<std::string> layers; ///< whose operations it computes; in training also the loss and the optimizer
  bool gradient = false;           ///< whether it computes a part of a gradient
  std::int64_t calls = 0;
  double microseconds = 0;
  std::int64_t flops = 0;  ///< floating-point operations; a multiplication and an addition are two
  std::int64_t bytes = 0;  ///< read and written, each element once a call of the kernel
  std::int64_t within = 0; ///< bytes of the arrays that those lie in: more than a call's where each has its own slice
};

/// Where the time of one call of a model went.
struct Profile {
  std::vector<KernelProfile> kernels; ///< in the order of their first places in the compiled code
  double other_microseconds = 0;      ///< between kernels: copies, loops over blocks of rows and time steps
};

} // namespace lamina

#endif
