#ifndef LAMINA_RUNTIME_KERAS_ARCHIVE_H
#define LAMINA_RUNTIME_KERAS_ARCHIVE_H

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runtime/hdf5_reader.h"
#include "runtime/json.h"
#include "runtime/npy.h"

namespace lamina::runtime {

/// A `.keras` file: config.json, metadata.json (may be missing), texts under assets/ and model.weights.h5, whose arrays
/// are read when asked for.
class KerasArchive {
public:
  /// Errors: no such file, no zip archive, a missing or damaged part; each in a line that names file and part.
  explicit KerasArchive(const std::string &path);

  const Json &config() const { return config_; }
  const Json &metadata() const { return metadata_; }

  /// Paths of the arrays, "layers/dense/vars/0"; the optimizer's begin with "optimizer/".
  const std::vector<std::string> &weights() const { return weights_->paths(); }
  bool contains(std::string_view path) const { return weights_->contains(path); }
  bool contains_group(std::string_view path) const { return weights_->contains_group(path); }
  Tensor weight(std::string_view path) const { return weights_->read(path); }

  /// The text of a file that a layer keeps beside its weights, "layers/integer_lookup/vocabulary.txt", if there is one.
  std::optional<std::string> asset(const std::string &path) const;

private:
  Json config_, metadata_;
  std::map<std::string, std::string> assets_;
  std::unique_ptr<Hdf5Reader> weights_;
};

/// Writes a `.keras` file that Keras loads; it appears only when complete.
void write_keras_archive(const std::string &path, const Json &config, const NamedTensors &weights);

} // namespace lamina::runtime

#endif
