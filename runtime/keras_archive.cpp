#include "runtime/keras_archive.h"

#include <ctime>

#include "runtime/hdf5_writer.h"

namespace lamina::runtime {

namespace {

constexpr const char *config_name = "config.json";
constexpr const char *metadata_name = "metadata.json";
constexpr const char *weights_name = "model.weights.h5";
constexpr std::string_view assets_folder = "assets/";
constexpr std::string_view asset_suffix = ".txt";
constexpr std::uint64_t largest_json = 32 << 20;
constexpr std::uint64_t largest_assets = 64 << 20;
constexpr std::uint64_t largest_free_inflation = 256 << 20;
constexpr std::uint64_t most_weights_inflation = 20;

/// The Keras whose files ours look like.
constexpr const char *keras_version = "3.15.1";

Json read_json(const ZipReader &zip, const char *name) {
  Tensor bytes = zip.read(name, largest_json);
  return parse_json({static_cast<const char *>(bytes.raw()), bytes.nbytes()},
                    "cannot read " + in_quotes(zip.path()) + ": " + name);
}

std::string date() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d@%H:%M:%S", &parts);
  return text;
}

} // namespace

KerasArchive::KerasArchive(const std::string &path) {
  ZipReader zip(path);
  config_ = read_json(zip, config_name);
  if (!config_.is_object())
    throw Error("cannot read " + in_quotes(path) + ": " + config_name + " is no JSON object");
  if (zip.contains(metadata_name))
    metadata_ = read_json(zip, metadata_name);
  std::uint64_t room = largest_assets;
  for (const std::string &name : zip.names())
    if (name.starts_with(assets_folder) && name.ends_with(asset_suffix)) {
      Tensor bytes = zip.read(name, room);
      room -= bytes.nbytes();
      assets_[name.substr(assets_folder.size())].assign(static_cast<const char *>(bytes.raw()), bytes.nbytes());
    }
  Tensor image = zip.read(weights_name, largest_free_inflation + most_weights_inflation * zip.file_size());
  weights_ = std::make_unique<Hdf5Reader>(image, "cannot read " + in_quotes(path) + ": " + weights_name);
}

std::optional<std::string> KerasArchive::asset(const std::string &path) const {
  auto found = assets_.find(path);
  return found == assets_.end() ? std::nullopt : std::optional(found->second);
}

void write_keras_archive(const std::string &path, const Json &config, const NamedTensors &weights) {
  ZipWriter zip(path);
  zip.add(metadata_name, Json({{"keras_version", keras_version}, {"date_saved", date()}}).dump());
  zip.add(config_name, config.dump());
  zip.add(weights_name, write_hdf5(weights));
  zip.commit();
}

} // namespace lamina::runtime
