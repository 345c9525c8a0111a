#include "runtime/npy.h"
#include "tests/fuzz/patches.h"

using namespace lamina;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const std::string whole = fuzz::written_by([](const std::string &path) {
    runtime::ZipWriter zip(path);
    zip.add("a.npy", {runtime::npy_header(Tensor{1, 2, 3}), "123456789012"});
    zip.add("b.npy", {runtime::npy_header(Tensor{1.}), "1234"});
    zip.commit();
  });
  fuzz::MemoryFile file(fuzz::patched(whole, {reinterpret_cast<const char *>(data), size}));
  fuzz::attempt([&] { runtime::read_npz(file.path()); });
  return 0;
}
