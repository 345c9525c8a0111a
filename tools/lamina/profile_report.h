#ifndef LAMINA_TOOLS_PROFILE_REPORT_H
#define LAMINA_TOOLS_PROFILE_REPORT_H

#include <algorithm>
#include <string>
#include <vector>

#include <lamina/profile.h>

#include "runtime/json.h"

namespace lamina::tools {

/// What a kernel can be held up by: arithmetic, or the smallest level of memory that holds what one call of it touches.
struct Limit {
  std::string name;
  double rate = 0; ///< 1e9 floating-point operations or bytes a second
};

/// Rates of this machine, measured when first asked for.
class Limits {
public:
  explicit Limits(int threads) : threads_(threads) {}
  const Limit &arithmetic();
  const Limit &memory(std::int64_t bytes);

private:
  /// What all threads reach, or one, where the machine had no cores left for the others.
  template <typename Measure> double fastest(Measure &&measure) const {
    return threads_ == 1 ? measure(1) : std::max(measure(1), measure(threads_));
  }

  int threads_;
  Limit arithmetic_;
  std::vector<Limit> memory_;
};

/// Profiles of many calls of one model, as a row a kernel.
class ProfileReport {
public:
  void add(const Profile &call);

  /// Medians over the calls, compared with the limits; the longest first.
  struct Row {
    KernelProfile kernel;
    double share = 0;       ///< of the time of a whole call
    double of_limit = 0;    ///< the time that the limit allows, over the time taken
    std::string limit = {}; ///< the one that allows less
    double gflops() const { return 1e-3 * static_cast<double>(kernel.flops) / kernel.microseconds; }
    double gbytes() const { return 1e-3 * static_cast<double>(kernel.bytes) / kernel.microseconds; }
  };
  std::vector<Row> rows(Limits &limits) const;
  /// Median time of a call outside of kernels.
  double other_microseconds() const;

private:
  Profile last_;
  std::vector<std::vector<double>> times_; ///< by kernel
  std::vector<double> others_;
};

std::string profile_table(const std::vector<ProfileReport::Row> &rows, double other_microseconds);
runtime::Json profile_json(const std::vector<ProfileReport::Row> &rows);

} // namespace lamina::tools

#endif
