#include "runtime/npy.h"
#include "tests/fuzz/patches.h"

using namespace lamina;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  std::string prefix = "\x93NUMPY";
  prefix += {'\1', '\0', static_cast<char>(size & 0xff), static_cast<char>(size >> 8 & 0xff)};
  for (const std::string &file : {std::string(text), prefix + std::string(text) + "12345678",
                                  fuzz::patched(runtime::npy_header(Tensor{1, 2}) + "12345678", text)})
    fuzz::attempt([&] {
      runtime::parse_npy(Tensor::copy_of(file.data(), {static_cast<std::int64_t>(file.size())}, DType::UInt8), "file");
    });
  return 0;
}
