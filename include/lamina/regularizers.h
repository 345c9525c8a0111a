#ifndef LAMINA_REGULARIZERS_H
#define LAMINA_REGULARIZERS_H

#include <string>

#include <lamina/config.h>
#include <lamina/value.h>

namespace lamina {

/// A penalty that is added to the loss: L1, L2, L1L2 or OrthogonalRegularizer; none by default.
/// Errors: an unknown name or factor.
class Regularizer {
public:
  Regularizer() = default;
  Regularizer(std::nullptr_t) {}
  Regularizer(const char *name) : Regularizer(std::string(name)) {}
  Regularizer(const std::string &name);
  static Regularizer from_config(const Config &config);

  bool defined() const { return !config_.is_null(); }
  explicit operator bool() const { return defined(); }
  const Config &get_config() const { return config_; }

  /// The penalty of x, a scalar.
  Value operator()(const Value &x) const;

private:
  Config config_;
};

namespace regularizers {
Regularizer l1(double l1 = 0.01);
Regularizer l2(double l2 = 0.01);
Regularizer l1_l2(double l1 = 0.0, double l2 = 0.0);
Regularizer orthogonal(double factor = 0.01, const std::string &mode = "rows");
} // namespace regularizers

/// What an updated weight is mapped to: MaxNorm, NonNeg, UnitNorm or MinMaxNorm; none by default.
class Constraint {
public:
  Constraint() = default;
  Constraint(std::nullptr_t) {}
  Constraint(const char *name) : Constraint(std::string(name)) {}
  Constraint(const std::string &name);
  static Constraint from_config(const Config &config);

  bool defined() const { return !config_.is_null(); }
  explicit operator bool() const { return defined(); }
  const Config &get_config() const { return config_; }

  /// The nearest allowed weight.
  Value operator()(const Value &weight) const;

private:
  Config config_;
};

namespace constraints {
Constraint max_norm(double max_value = 2.0, std::vector<std::int64_t> axis = {0});
Constraint non_neg();
Constraint unit_norm(std::vector<std::int64_t> axis = {0});
Constraint min_max_norm(double min_value = 0.0, double max_value = 1.0, double rate = 1.0,
                        std::vector<std::int64_t> axis = {0});
} // namespace constraints

} // namespace lamina

#endif
