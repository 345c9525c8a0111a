#ifndef LAMINA_TOOLS_PROFILE_REPORT_H
#define LAMINA_TOOLS_PROFILE_REPORT_H

#include <string>
#include <vector>

#include <lamina/profile.h>

#include "runtime/json.h"
#include "runtime/roofline.h"

namespace lamina::tools {

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
  std::vector<Row> rows(runtime::Roofline &roofline) const;
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
