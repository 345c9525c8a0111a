#include "bench/measure.h"

namespace lamina::bench {

void register_kernels() {}

} // namespace lamina::bench
