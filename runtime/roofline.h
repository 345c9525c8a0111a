#ifndef LAMINA_RUNTIME_ROOFLINE_H
#define LAMINA_RUNTIME_ROOFLINE_H

#include <cstdint>
#include <string>
#include <vector>

#include <lamina/profile.h>

namespace lamina::runtime {

/// The least time that this machine allows for a kernel: its arithmetic at the rate of fused multiply-adds, or what it
/// touches at the rate of the smallest level of memory that holds the arrays in which it lies, whichever takes longer.
class Roofline {
public:
  explicit Roofline(int threads) : threads_(threads) {}

  struct Bound {
    std::string name; ///< "FMA", or the level of memory
    double microseconds = 0;
  };
  /// Of all calls of the kernel together.
  Bound bound(const KernelProfile &kernel);

private:
  struct Rate {
    std::string name;
    double giga = 0; ///< 1e9 floating-point operations or bytes a second
  };
  // Measured when first asked for.
  const Rate &arithmetic();
  const Rate &memory(std::int64_t bytes);

  int threads_;
  Rate arithmetic_;
  std::vector<Rate> memory_;
};

} // namespace lamina::runtime

#endif
