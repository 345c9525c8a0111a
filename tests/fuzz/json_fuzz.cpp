#include "runtime/json.h"
#include "runtime/safetensors.h"
#include "tests/fuzz/patches.h"

using namespace lamina;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  fuzz::attempt([&] { runtime::parse_json(text, "file").dump(); });

  static const std::string whole = fuzz::written_by([](const std::string &path) {
    runtime::write_safetensors(path, {{"a", Tensor{{1., 2.}}}, {"b", Tensor{true}}});
  });
  fuzz::MemoryFile file(fuzz::patched(whole, text));
  fuzz::attempt([&] { runtime::read_safetensors(file.path()); });
  return 0;
}
