#include "runtime/zip.h"

#include <zip.h>
#include <zlib.h>

#include <algorithm>

namespace lamina::runtime {

namespace {

/// Deflate makes at most 1032 bytes of one.
constexpr std::uint64_t most_inflation = 1032;
constexpr std::uint32_t in_zip64 = 0xffffffff;

class Fields {
public:
  Fields &u16(std::uint64_t value) { return put(value, 2); }
  Fields &u32(std::uint64_t value) { return put(value, 4); }
  Fields &u64(std::uint64_t value) { return put(value, 8); }
  std::string text;

private:
  Fields &put(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      text += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
};

} // namespace

ZipReader::ZipReader(const std::string &path) : path_(path), file_size_(check_readable_file(path)) {
  int code = 0;
  archive_ = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (!archive_) {
    if (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS || code == ZIP_ER_EOF || code == ZIP_ER_SEEK)
      fail("it is no zip archive, or a damaged one");
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail(reason);
  }
  zip_int64_t count = zip_get_num_entries(archive_, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char *name = zip_get_name(archive_, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    names_.emplace_back(name ? name : "");
  }
}

ZipReader::~ZipReader() {
  if (archive_)
    zip_discard(archive_);
}

void ZipReader::fail(const std::string &reason) const {
  throw Error("cannot read " + in_quotes(path_) + ": " + reason);
}

bool ZipReader::contains(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

Tensor ZipReader::read(std::string_view name, std::uint64_t limit) const {
  auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end())
    fail("it holds no " + in_quotes(name));
  if (std::find(found + 1, names_.end(), name) != names_.end())
    fail("it holds two entries " + in_quotes(name));
  auto damaged = [&](const std::string &reason) { fail("entry " + in_quotes(name) + ": " + reason); };
  auto index = static_cast<zip_uint64_t>(found - names_.begin());
  zip_stat_t info;
  zip_stat_init(&info);
  constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive_, index, 0, &info) != 0 || (info.valid & needed) != needed)
    damaged("its size is not given");
  if (info.comp_size > file_size_ || (info.comp_method == ZIP_CM_STORE && info.size > file_size_) ||
      info.size / most_inflation > info.comp_size)
    damaged("it claims " + std::to_string(info.size) + " bytes, more than the file can hold");
  if (info.size > limit)
    damaged("it has " + std::to_string(info.size) + " bytes; at most " + std::to_string(limit) + " are accepted");
  if (info.comp_method != ZIP_CM_STORE && info.comp_method != ZIP_CM_DEFLATE)
    damaged("its compression method is not supported; store or deflate it");

  std::unique_ptr<zip_file_t, decltype(&zip_fclose)> entry(zip_fopen_index(archive_, index, 0), zip_fclose);
  if (!entry)
    damaged(zip_strerror(archive_));
  Tensor bytes({static_cast<std::int64_t>(info.size)}, DType::UInt8, Tensor::Fill::None);
  std::uint64_t have = 0;
  // The read past the end makes libzip compare the checksum.
  for (char past_end;;) {
    bool full = have == info.size;
    zip_int64_t got = full ? zip_fread(entry.get(), &past_end, 1)
                           : zip_fread(entry.get(), bytes.data<std::uint8_t>() + have, info.size - have);
    if (got < 0)
      damaged(zip_file_strerror(entry.get()));
    if ((got == 0) != full)
      damaged("it has not the size that the directory gives");
    if (full)
      return bytes;
    have += static_cast<std::uint64_t>(got);
  }
}

void ZipWriter::add(std::string_view name, std::initializer_list<std::string_view> parts) {
  Entry entry{std::string(name), 0, file_.written(), 0};
  uLong checksum = crc32(0, nullptr, 0);
  for (std::string_view part : parts) {
    checksum = crc32_z(checksum, reinterpret_cast<const Bytef *>(part.data()), part.size());
    entry.size += part.size();
  }
  entry.checksum = static_cast<std::uint32_t>(checksum);
  bool large = entry.size >= in_zip64;

  Fields extra;
  if (large)
    extra.u16(1).u16(16).u64(entry.size).u64(entry.size);
  constexpr std::size_t fixed = 30, alignment = 64, padding_header = 4;
  std::size_t at = file_.written() + fixed + name.size() + extra.text.size() + padding_header;
  std::size_t padding = (alignment - at % alignment) % alignment;
  extra.u16(0x4c61).u16(padding); // an extra field of our own, which readers skip
  extra.text.append(padding, '\0');

  Fields header;
  header.u32(0x04034b50).u16(large ? 45 : 20).u16(0x0800).u16(0).u16(0).u16(0x21).u32(entry.checksum);
  header.u32(large ? in_zip64 : entry.size).u32(large ? in_zip64 : entry.size).u16(name.size()).u16(extra.text.size());
  file_.write(header.text);
  file_.write(name);
  file_.write(extra.text);
  for (std::string_view part : parts)
    file_.write(part);
  entries_.push_back(std::move(entry));
}

void ZipWriter::commit() {
  std::uint64_t start = file_.written();
  for (const Entry &entry : entries_) {
    Fields zip64, header;
    if (entry.size >= in_zip64)
      zip64.u64(entry.size).u64(entry.size);
    if (entry.offset >= in_zip64)
      zip64.u64(entry.offset);
    bool large = !zip64.text.empty();
    Fields extra;
    if (large)
      extra.u16(1).u16(zip64.text.size()).text += zip64.text;
    std::uint64_t size = std::min<std::uint64_t>(entry.size, in_zip64);
    header.u32(0x02014b50).u16(0x0300 | (large ? 45 : 20)).u16(large ? 45 : 20).u16(0x0800).u16(0).u16(0).u16(0x21);
    header.u32(entry.checksum).u32(size).u32(size).u16(entry.name.size()).u16(extra.text.size()).u16(0).u16(0).u16(0);
    header.u32(std::uint64_t(0100644) << 16).u32(std::min<std::uint64_t>(entry.offset, in_zip64));
    file_.write(header.text);
    file_.write(entry.name);
    file_.write(extra.text);
  }
  std::uint64_t size = file_.written() - start, count = entries_.size();
  Fields end;
  if (start >= in_zip64 || size >= in_zip64 || count >= 0xffff) {
    end.u32(0x06064b50).u64(44).u16(0x0300 | 45).u16(45).u32(0).u32(0).u64(count).u64(count).u64(size).u64(start);
    end.u32(0x07064b50).u32(0).u64(start + size).u32(1);
  }
  std::uint64_t short_count = std::min<std::uint64_t>(count, 0xffff);
  end.u32(0x06054b50).u16(0).u16(0).u16(short_count).u16(short_count);
  end.u32(std::min<std::uint64_t>(size, in_zip64)).u32(std::min<std::uint64_t>(start, in_zip64)).u16(0);
  file_.write(end.text);
  file_.commit();
}

} // namespace lamina::runtime
