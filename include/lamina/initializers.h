#ifndef LAMINA_INITIALIZERS_H
#define LAMINA_INITIALIZERS_H

#include <cstdint>
#include <string>

#include <lamina/config.h>
#include <lamina/tensor.h>

namespace lamina {

/// How a weight begins, by Keras's name ("glorot_uniform", "HeNormal") or configuration.
/// Knows zeros, ones, constant, identity, orthogonal, random_normal, random_uniform, truncated_normal,
/// variance_scaling, glorot, he and lecun in both distributions, stft. Errors: an unknown name; a shape that the
/// initializer does not fit.
class Initializer {
public:
  Initializer(const char *name) : Initializer(std::string(name)) {}
  Initializer(const std::string &name);
  /// The serialized form, or a name.
  static Initializer from_config(const Config &config);

  /// Keras's serialized form: {module, class_name, config, registered_name}.
  const Config &get_config() const { return config_; }

  /// New values. A seed in the configuration wins over the one given.
  Tensor operator()(const Shape &shape, DType dtype, std::uint64_t seed) const;

private:
  Initializer() = default;
  Config config_;
};

namespace initializers {
Initializer zeros();
Initializer ones();
Initializer constant(double value);
Initializer random_normal(double mean = 0.0, double stddev = 0.05);
Initializer random_uniform(double minval = -0.05, double maxval = 0.05);
Initializer truncated_normal(double mean = 0.0, double stddev = 0.05);
Initializer orthogonal(double gain = 1.0);
Initializer identity(double gain = 1.0);
Initializer variance_scaling(double scale = 1.0, const std::string &mode = "fan_in",
                             const std::string &distribution = "truncated_normal");
/// The real or imaginary kernels of a short-time Fourier transform, for shape (frame length, 1, frequencies).
Initializer stft(const std::string &side = "real", const Config &window = "hann", const Config &scaling = "density",
                 bool periodic = false);
} // namespace initializers

} // namespace lamina

#endif
