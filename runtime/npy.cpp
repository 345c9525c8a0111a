#include "runtime/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

namespace lamina::runtime {

namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::string_view suffix = ".npy";
constexpr std::size_t longest_header = 1 << 20;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// The Python literal of a header: a dict of strings, booleans and tuples of integers. What else it holds is no array
/// of numbers, so nothing nests and nothing recurses.
class HeaderParser {
public:
  HeaderParser(std::string_view text, const std::string &where) : text_(text), where_(where) {}

  std::string descr;
  std::optional<bool> fortran;
  std::optional<std::vector<std::int64_t>> shape;

  void parse() {
    expect('{');
    while (!accept('}')) {
      std::string key = string();
      expect(':');
      if (key == "descr")
        parse_descr();
      else if (key == "fortran_order")
        fortran = boolean();
      else if (key == "shape")
        shape = tuple();
      else
        fail("its header has an unknown key " + in_quotes(key));
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!text_.empty())
      fail("its header goes on after its end");
    if (descr.empty() || !fortran || !shape)
      fail("its header lacks 'descr', 'fortran_order' or 'shape'");
  }

  [[noreturn]] void fail(const std::string &reason) const { throw Error(where_ + ": " + reason); }

private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n\r"), text_.size())); }
  bool accept(char c) {
    skip_space();
    if (text_.empty() || text_.front() != c)
      return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      fail(std::string("its header is damaged: '") + c + "' is missing before " + in_quotes(text_.substr(0, 20)));
  }
  std::string string() {
    skip_space();
    char quote = text_.empty() ? '\0' : text_.front();
    std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos)
      fail("its header is damaged: no string at " + in_quotes(text_.substr(0, 20)));
    std::string result(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return result;
  }
  void parse_descr() {
    skip_space();
    if (!text_.empty() && text_.front() == '[')
      fail("it has structured elements; only numbers and booleans are accepted");
    descr = string();
  }
  bool boolean() {
    skip_space();
    for (bool value : {false, true}) {
      std::string_view word = value ? "True" : "False";
      if (text_.substr(0, word.size()) == word) {
        text_.remove_prefix(word.size());
        return value;
      }
    }
    fail("its header is damaged: 'fortran_order' is neither True nor False");
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> dims;
    expect('(');
    while (!accept(')')) {
      std::int64_t dim;
      skip_space();
      auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), dim);
      if (error != std::errc())
        fail("its header is damaged: no shape at " + in_quotes(text_.substr(0, 20)));
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      accept('L'); // Python 2 wrote long integers so
      if (dim < 0)
        fail("its shape has the negative dimension " + std::to_string(dim));
      if (dims.size() == Shape::max_rank)
        fail("it has more than " + std::to_string(Shape::max_rank) + " dimensions");
      dims.push_back(dim);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::string_view text_;
  const std::string &where_;
};

struct ElementType {
  DType dtype;
  bool swapped = false;
  bool uint16 = false;
};

ElementType parse_descr(const HeaderParser &header) {
  std::string_view text = header.descr;
  char order = '=';
  if (std::string_view("<>=|").find(text.front()) != std::string_view::npos) {
    order = text.front();
    text.remove_prefix(1);
  }
  ElementType type{};
  type.swapped = order == (std::endian::native == std::endian::little ? '>' : '<');
  constexpr std::pair<std::string_view, DType> known[] = {
      {"b1", DType::Bool},    {"i1", DType::Int8},    {"u1", DType::UInt8},  {"i2", DType::Int16},
      {"i4", DType::Int32},   {"i8", DType::Int64},   {"u4", DType::UInt32}, {"u8", DType::UInt64},
      {"f2", DType::Float16}, {"f4", DType::Float32}, {"f8", DType::Float64}};
  for (auto [name, dtype] : known)
    if (name == text) {
      type.dtype = dtype;
      return type;
    }
  if (text == "u2") {
    type.dtype = DType::Int16;
    type.uint16 = true;
    return type;
  }
  switch (text.empty() ? '\0' : text.front()) {
  case 'O': header.fail("it holds Python objects, which are not read; save numbers");
  case 'U':
  case 'S':
  case 'a':
  case 'T': header.fail("it holds strings; only numbers and booleans are accepted");
  case 'c': header.fail("it holds complex numbers; only real numbers and booleans are accepted");
  case 'M':
  case 'm': header.fail("it holds dates or times; only numbers and booleans are accepted");
  default: header.fail("its dtype " + in_quotes(header.descr) + " is not supported");
  }
}

void swap_bytes(const Tensor &tensor) {
  std::size_t size = size_of(tensor.dtype());
  auto *bytes = static_cast<char *>(tensor.raw());
  for (std::size_t i = 0; i < tensor.nbytes(); i += size)
    std::reverse(bytes + i, bytes + i + size);
}

/// Elements of size `bytes` from column-major into row-major order; `shape` is that of the result.
Tensor from_fortran(const Tensor &source, const Shape &shape) {
  Tensor result(shape, source.dtype(), Tensor::Fill::None);
  std::size_t size = size_of(source.dtype()), rank = shape.rank();
  std::vector<std::size_t> stride(rank), index(rank);
  std::size_t step = size;
  for (std::size_t i = 0; i < rank; ++i) {
    stride[i] = step;
    step *= static_cast<std::size_t>(shape.data()[i]);
  }
  const char *from = static_cast<const char *>(source.raw());
  auto *to = static_cast<char *>(result.raw());
  for (std::int64_t n = 0; n < result.numel(); ++n, to += size) {
    std::memcpy(to, from, size);
    for (std::size_t axis = rank; axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < static_cast<std::size_t>(shape.data()[axis]))
        break;
      from -= stride[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return result;
}

Tensor from_uint16(const Tensor &bits) {
  Tensor result(bits.shape(), DType::Int32, Tensor::Fill::None);
  std::transform(bits.data<std::int16_t>(), bits.data<std::int16_t>() + bits.numel(), result.data<std::int32_t>(),
                 [](std::int16_t value) { return std::int32_t(static_cast<std::uint16_t>(value)); });
  return result;
}

std::string_view descr_of(DType dtype) {
  switch (dtype) {
  case DType::Bool: return "|b1";
  case DType::Int8: return "|i1";
  case DType::UInt8: return "|u1";
  case DType::Int16: return "<i2";
  case DType::Int32: return "<i4";
  case DType::Int64: return "<i8";
  case DType::UInt32: return "<u4";
  case DType::UInt64: return "<u8";
  case DType::Float16: return "<f2";
  case DType::Float64: return "<f8";
  default: return "<f4";
  }
}

std::string_view bytes_of(const Tensor &tensor) { return {static_cast<const char *>(tensor.raw()), tensor.nbytes()}; }

/// NumPy has no bfloat16.
Tensor storable(const Tensor &tensor) {
  return tensor.dtype() == DType::BFloat16 ? tensor.astype(DType::Float32) : tensor;
}

} // namespace

Tensor parse_npy(const Tensor &bytes, const std::string &where) {
  std::string_view text = bytes_of(bytes);
  auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(text[i])); };
  if (text.substr(0, magic.size()) != magic || text.size() < 12)
    throw Error(where + ": it is no .npy array");
  std::size_t version = byte(6), prefix = version == 1 ? 10 : 12;
  if (version < 1 || version > 3)
    throw Error(where + ": its format version " + std::to_string(version) + " is not known");
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1)
    length |= byte(10) << 16 | byte(11) << 24;
  if (length > longest_header || length > text.size() - prefix)
    throw Error(where + ": its header is longer than it can be");
  HeaderParser header(text.substr(prefix, length), where);
  header.parse();
  ElementType type = parse_descr(header);

  Shape shape(*header.shape);
  std::size_t have = text.size() - prefix - length, size = size_of(type.dtype);
  std::int64_t count;
  try {
    count = shape.num_elements();
  } catch (const Error &error) {
    throw Error(where + ": " + error.what());
  }
  if (static_cast<std::uint64_t>(count) > have / size || static_cast<std::size_t>(count) * size != have)
    throw Error(where + ": shape " + shape.str() + " of " + header.descr + " is not filled by the " +
                std::to_string(have) + " bytes there");
  Tensor result = Tensor::copy_of(text.data() + prefix + length, shape, type.dtype);
  if (type.swapped)
    swap_bytes(result);
  if (*header.fortran && shape.rank() > 1)
    result = from_fortran(result, shape);
  if (type.uint16)
    result = from_uint16(result);
  if (type.dtype == DType::Bool) // any other byte than 0 and 1 would be no bool
    for (auto *p = static_cast<unsigned char *>(result.raw()), *end = p + result.numel(); p != end; ++p)
      *p = *p != 0;
  return result;
}

Tensor read_npy(const std::string &path) {
  std::string text = read_file(path, no_limit);
  Tensor bytes = Tensor::wrap(text.data(), {static_cast<std::int64_t>(text.size())}, DType::UInt8);
  return parse_npy(bytes, "cannot read " + in_quotes(path));
}

std::string npy_header(const Tensor &tensor) {
  std::string dims;
  for (std::int64_t dim : tensor.shape())
    dims += std::to_string(dim) + (tensor.rank() == 1 ? "," : ", ");
  if (tensor.rank() > 1)
    dims.resize(dims.size() - 2);
  std::string text =
      "{'descr': '" + std::string(descr_of(tensor.dtype())) + "', 'fortran_order': False, 'shape': (" + dims + "), }";
  constexpr std::size_t prefix = 10, alignment = 64;
  text.append((alignment - (prefix + text.size() + 1) % alignment) % alignment, ' ');
  text += '\n';
  std::string header(magic);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

void write_npy(const std::string &path, const Tensor &tensor) {
  Tensor stored = storable(tensor);
  OutputFile file(path);
  file.write(npy_header(stored));
  file.write(bytes_of(stored));
  file.commit();
}

NpzReader::NpzReader(const std::string &path) : zip_(path) {
  for (std::string_view name : zip_.names())
    if (name.ends_with(suffix))
      names_.emplace_back(name.substr(0, name.size() - suffix.size()));
}

bool NpzReader::contains(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

Tensor NpzReader::read(std::string_view name) const {
  return parse_npy(zip_.read(std::string(name) + std::string(suffix), no_limit),
                   "cannot read " + in_quotes(path()) + ": array " + in_quotes(name));
}

NamedTensors read_npz(const std::string &path) {
  NpzReader reader(path);
  NamedTensors arrays;
  for (const std::string &name : reader.names())
    arrays.emplace_back(name, reader.read(name));
  return arrays;
}

void write_npz(const std::string &path, const NamedTensors &arrays) {
  ZipWriter zip(path);
  for (const auto &[name, tensor] : arrays) {
    Tensor stored = storable(tensor);
    zip.add(name + std::string(suffix), {npy_header(stored), bytes_of(stored)});
  }
  zip.commit();
}

} // namespace lamina::runtime
