#include "runtime/hdf5_reader.h"
#include "runtime/hdf5_writer.h"
#include "tests/fuzz/patches.h"

using namespace lamina;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const std::string whole = runtime::write_hdf5({{"layers/dense/vars/0", Tensor{{1., 2.}, {3., 4.}}},
                                                        {"layers/dense/vars/1", Tensor{true, false}},
                                                        {"optimizer/vars/0", Tensor::scalar(1)}});
  std::string file = fuzz::patched(whole, {reinterpret_cast<const char *>(data), size});
  fuzz::attempt([&] {
    runtime::Hdf5Reader reader(Tensor::copy_of(file.data(), {static_cast<std::int64_t>(file.size())}, DType::UInt8),
                               "file");
    for (const std::string &path : reader.paths())
      fuzz::attempt([&] { reader.read(path); });
  });
  return 0;
}
