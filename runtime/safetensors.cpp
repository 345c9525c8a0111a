#include "runtime/safetensors.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "runtime/json.h"

namespace lamina::runtime {

namespace {

constexpr std::size_t prefix = 8;
constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::size_t alignment = 64;

constexpr std::pair<const char *, DType> types[] = {
    {"BOOL", DType::Bool},   {"I8", DType::Int8},       {"U8", DType::UInt8},    {"I16", DType::Int16},
    {"I32", DType::Int32},   {"I64", DType::Int64},     {"U32", DType::UInt32},  {"U64", DType::UInt64},
    {"F16", DType::Float16}, {"BF16", DType::BFloat16}, {"F32", DType::Float32}, {"F64", DType::Float64}};

struct Item {
  std::uint64_t begin;
  std::string name;
  Tensor tensor;
};

Item read_item(const std::string &name, const Json &json, std::string_view data, const std::string &where) {
  auto fail = [&](const std::string &reason) { throw Error(where + ": array " + in_quotes(name) + ": " + reason); };
  if (!json.is_object() || !json.contains("dtype") || !json["dtype"].is_string() || !json.contains("shape") ||
      !json["shape"].is_array() || !json.contains("data_offsets") || !json["data_offsets"].is_array() ||
      json["data_offsets"].size() != 2)
    fail("'dtype', 'shape' or 'data_offsets' is missing or of the wrong kind");
  auto found =
      std::find_if(std::begin(types), std::end(types), [&](auto &type) { return json["dtype"] == type.first; });
  if (found == std::end(types))
    fail("its dtype " + in_quotes(json["dtype"].get<std::string>()) + " is not supported");
  for (const char *key : {"shape", "data_offsets"})
    for (const Json &number : json[key])
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        fail(std::string("its ") + key + " holds something other than sizes");
  Shape shape(json["shape"].get<std::vector<std::int64_t>>());
  auto begin = json["data_offsets"][0].get<std::uint64_t>(), end = json["data_offsets"][1].get<std::uint64_t>();
  if (begin > end || end > data.size())
    fail("its data is not inside the file");
  std::size_t size = size_of(found->second);
  auto count = static_cast<std::uint64_t>(shape.num_elements());
  if (count > (end - begin) / size || count * size != end - begin)
    fail("shape " + shape.str() + " is not filled by the " + std::to_string(end - begin) + " bytes given for it");
  Tensor tensor = Tensor::copy_of(data.data() + begin, shape, found->second);
  if (found->second == DType::Bool)
    for (auto *p = static_cast<unsigned char *>(tensor.raw()), *last = p + tensor.numel(); p != last; ++p)
      *p = *p != 0;
  return {begin, name, tensor};
}

} // namespace

NamedTensors read_safetensors(const std::string &path) {
  std::string file = read_file(path, std::numeric_limits<std::size_t>::max());
  std::string where = "cannot read " + in_quotes(path);
  std::uint64_t length = 0;
  if (file.size() < prefix)
    throw Error(where + ": it is no .safetensors file");
  for (std::size_t i = prefix; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(file[i]);
  if (length > longest_header || length > file.size() - prefix)
    throw Error(where + ": it is no .safetensors file, or a damaged one");
  std::string_view data = std::string_view(file).substr(prefix + length);
  Json header = parse_json(std::string_view(file).substr(prefix, length), where + ": its header");
  if (!header.is_object())
    throw Error(where + ": its header is no JSON object");
  std::vector<Item> items;
  for (const auto &[name, json] : header.items())
    if (name != "__metadata__")
      items.push_back(read_item(name, json, data, where));
  std::sort(items.begin(), items.end(),
            [](const Item &a, const Item &b) { return std::tie(a.begin, a.name) < std::tie(b.begin, b.name); });
  NamedTensors arrays;
  for (Item &item : items)
    arrays.emplace_back(std::move(item.name), std::move(item.tensor));
  return arrays;
}

void write_safetensors(const std::string &path, const NamedTensors &arrays) {
  Json header = Json::object();
  std::size_t offset = 0;
  for (const auto &[name, tensor] : arrays) {
    if (header.contains(name))
      throw Error("cannot write " + in_quotes(path) + ": two arrays are named " + in_quotes(name));
    header[name] = {{"dtype", types[static_cast<std::size_t>(tensor.dtype())].first},
                    {"shape", std::vector<std::int64_t>(tensor.shape().begin(), tensor.shape().end())},
                    {"data_offsets", {offset, offset + tensor.nbytes()}}};
    offset += tensor.nbytes();
  }
  std::string text = header.dump();
  text.append((alignment - (prefix + text.size()) % alignment) % alignment, ' ');
  OutputFile file(path);
  std::string length;
  for (std::size_t i = 0; i < prefix; ++i)
    length += static_cast<char>(text.size() >> (8 * i) & 0xff);
  file.write(length);
  file.write(text);
  for (const auto &[name, tensor] : arrays)
    file.write(tensor.raw(), tensor.nbytes());
  file.commit();
}

} // namespace lamina::runtime
