#include "runtime/keras_archive.h"

#include <hdf5.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/hdf5_writer.h"
#include "tests/runtime/files_fixture.h"

namespace lamina::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Archive = Files;

const NamedTensors two_layers = {{"layers/dense/vars/0", Tensor{{1., 2., 3.}, {4., 5., 6.}}},
                                 {"layers/dense/vars/1", Tensor{7., 8., 9.}},
                                 {"optimizer/vars/0", Tensor::scalar(std::int64_t(12))}};

Tensor image_of(std::string_view bytes) {
  return Tensor::copy_of(bytes.data(), {static_cast<std::int64_t>(bytes.size())}, DType::UInt8);
}

/// The image of what the HDF5 library makes in `fill`.
std::string library_image(const std::function<void(hid_t)> &fill, bool latest = false) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, false);
  if (latest)
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  hid_t file = H5Fcreate("test", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  fill(file);
  H5Fflush(file, H5F_SCOPE_LOCAL);
  std::string image(static_cast<std::size_t>(H5Fget_file_image(file, nullptr, 0)), '\0');
  H5Fget_file_image(file, image.data(), image.size());
  H5Fclose(file);
  H5Pclose(access);
  return image;
}

void make_array(hid_t file, const char *name, std::vector<hsize_t> dims, std::vector<hsize_t> chunk, bool compressed,
                hid_t type = H5T_NATIVE_FLOAT, bool filled = true) {
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE),
        space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
  if (!chunk.empty())
    H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
  if (compressed) {
    H5Pset_shuffle(creation);
    H5Pset_fletcher32(creation);
    H5Pset_deflate(creation, 6);
  }
  hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (filled) {
    std::vector<float> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(i);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }
  H5Dclose(dataset);
  H5Sclose(space);
  H5Pclose(creation);
}

void expect_counting(const Tensor &tensor, const Shape &shape) {
  ASSERT_EQ(tensor.shape(), shape);
  Tensor values = tensor.astype(DType::Float32);
  for (std::int64_t i = 0; i < values.numel(); ++i)
    ASSERT_EQ(values.data<float>()[i], static_cast<float>(i));
}

TEST(Hdf5, RoundTripOfEveryDtype) {
  NamedTensors arrays;
  for (int i = 0; i <= static_cast<int>(DType::Float64); ++i)
    arrays.emplace_back("layers/a/vars/" + std::to_string(i),
                        Tensor{{1., 0.}, {0., 1.}, {1., 1.}}.astype(static_cast<DType>(i)));
  arrays.emplace_back("scalar", Tensor::scalar(2.5));
  arrays.emplace_back("empty", Tensor({0, 3}, DType::Float32));
  Hdf5Reader reader(image_of(write_hdf5(arrays)), "weights");
  EXPECT_EQ(reader.paths().size(), arrays.size());
  EXPECT_TRUE(reader.contains_group("layers/a/vars"));
  for (const auto &[path, tensor] : arrays) {
    Tensor read = reader.read(path);
    EXPECT_EQ(read.dtype(), tensor.dtype()) << path;
    EXPECT_EQ(read.shape(), tensor.shape()) << path;
    EXPECT_EQ(read.str(), tensor.str()) << path;
  }
}

TEST(Hdf5, ManyArraysInAGroup) {
  NamedTensors arrays;
  for (int i = 0; i < 1000; ++i)
    arrays.emplace_back("optimizer/vars/" + std::to_string(i), Tensor::scalar(i));
  Hdf5Reader reader(image_of(write_hdf5(arrays)), "weights");
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(reader.read("optimizer/vars/" + std::to_string(i)).item<int>(), i);
}

/// What the HDF5 library reads from an image, in the given type in memory.
template <typename T> std::vector<T> library_read(std::string image, const std::string &path, hid_t type) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, false);
  H5Pset_file_image(access, image.data(), image.size());
  hid_t file = H5Fopen("image", H5F_ACC_RDONLY, access), dataset = H5Dopen2(file, path.c_str(), H5P_DEFAULT);
  EXPECT_GE(dataset, 0) << path;
  hid_t space = H5Dget_space(dataset);
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  EXPECT_GE(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << path;
  H5Sclose(space);
  H5Dclose(dataset);
  H5Fclose(file);
  H5Pclose(access);
  return values;
}

TEST(Hdf5, TheLibraryReadsWhatIsWritten) {
  NamedTensors arrays;
  for (DType dtype : {DType::Int8, DType::UInt8, DType::Int16, DType::Int32, DType::Int64, DType::UInt32, DType::UInt64,
                      DType::Float16, DType::Float32, DType::Float64})
    arrays.emplace_back("layers/" + std::string(dtype_name(dtype)) + "/vars/0",
                        (Tensor{{1., 2.}, {100., 0.}}).astype(dtype));
  arrays.emplace_back("empty", Tensor({0, 3}, DType::Float32));
  arrays.emplace_back("scalar", Tensor::scalar(-7));
  for (int i = 0; i < 700; ++i)
    arrays.emplace_back("many/" + std::to_string(i), Tensor::scalar(i));
  std::string image = write_hdf5(arrays);
  for (std::size_t i = 0; i < 10; ++i)
    EXPECT_EQ(library_read<double>(image, arrays[i].first, H5T_NATIVE_DOUBLE), (std::vector<double>{1, 2, 100, 0}));
  EXPECT_EQ(library_read<float>(image, "empty", H5T_NATIVE_FLOAT).size(), 0u);
  EXPECT_EQ(library_read<int>(image, "scalar", H5T_NATIVE_INT), std::vector<int>{-7});
  for (int i = 0; i < 700; i += 13)
    EXPECT_EQ(library_read<int>(image, "many/" + std::to_string(i), H5T_NATIVE_INT), std::vector<int>{i});
}

TEST(Hdf5, RefusesTwoArraysAtOnePath) {
  Tensor one{1};
  EXPECT_THAT(error_of([&] { write_hdf5({{"a", one}, {"a", one}}); }), HasSubstr("'a'"));
  EXPECT_THAT(error_of([&] { write_hdf5({{"a", one}, {"a/b", one}}); }), HasSubstr("'a/b'"));
  EXPECT_THAT(error_of([&] { write_hdf5({{"a/b", one}, {"a", one}}); }), HasSubstr("'a'"));
  EXPECT_THAT(error_of([&] { write_hdf5({{"a//b", one}}); }), HasSubstr("'a//b'"));
}

TEST(Hdf5, ChunksAndFilters) {
  Hdf5Reader reader(image_of(library_image([](hid_t file) {
                      make_array(file, "exact", {4, 6}, {2, 3}, false);
                      make_array(file, "edges", {5, 7, 3}, {2, 4, 2}, false);
                      make_array(file, "gzip", {50, 33}, {8, 10}, true);
                      make_array(file, "line", {1001}, {10}, true);
                      make_array(file, "big_endian", {3, 2}, {}, false, H5T_IEEE_F32BE);
                      make_array(file, "half_line", {9}, {4}, true, H5T_IEEE_F64BE);
                    })),
                    "weights");
  expect_counting(reader.read("exact"), {4, 6});
  expect_counting(reader.read("edges"), {5, 7, 3});
  expect_counting(reader.read("gzip"), {50, 33});
  expect_counting(reader.read("line"), {1001});
  expect_counting(reader.read("big_endian"), {3, 2});
  expect_counting(reader.read("half_line"), {9});
}

TEST(Hdf5, NewerFormat) {
  Hdf5Reader reader(image_of(library_image(
                        [](hid_t file) {
                          hid_t group = H5Gcreate2(file, "layers", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
                          make_array(group, "a", {4, 6}, {}, false);
                          make_array(group, "chunked", {4, 6}, {2, 3}, false);
                          H5Gclose(group);
                        },
                        true)),
                    "weights");
  expect_counting(reader.read("layers/a"), {4, 6});
  EXPECT_THAT(error_of([&] { reader.read("layers/chunked"); }), HasSubstr("layout"));
}

TEST(Hdf5, RefusesWhatIsNoPlainArray) {
  Hdf5Reader reader(image_of(library_image([](hid_t file) {
                      H5Lcreate_soft("/nowhere", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
                      hid_t compound = H5Tcreate(H5T_COMPOUND, 8);
                      H5Tinsert(compound, "a", 0, H5T_NATIVE_FLOAT);
                      H5Tinsert(compound, "b", 4, H5T_NATIVE_FLOAT);
                      make_array(file, "compound", {3}, {}, false, compound, false);
                      hid_t text = H5Tcopy(H5T_C_S1);
                      make_array(file, "text", {3}, {}, false, text, false);
                      make_array(file, "huge", {1000000, 1000000}, {1000, 1000}, false, H5T_NATIVE_FLOAT, false);
                      make_array(file, "unwritten", {3}, {}, false, H5T_NATIVE_FLOAT, false);
                      make_array(file, "hole", {10}, {2}, false, H5T_NATIVE_FLOAT, false);
                      H5Tclose(compound);
                      H5Tclose(text);
                    })),
                    "weights");
  auto refusal = [&](const char *path) { return error_of([&] { reader.read(path); }); };
  EXPECT_THAT(refusal("soft"), AllOf(HasSubstr("weights"), HasSubstr("'soft'"), HasSubstr("link")));
  EXPECT_THAT(refusal("compound"), HasSubstr("compound"));
  EXPECT_THAT(refusal("text"), HasSubstr("strings"));
  EXPECT_THAT(refusal("huge"), HasSubstr("more than the file can hold"));
  EXPECT_THAT(refusal("unwritten"), HasSubstr("no data"));
  EXPECT_THAT(refusal("hole"), HasSubstr("no data"));
  EXPECT_THAT(refusal("nothing"), HasSubstr("no array 'nothing'"));

  Hdf5Reader external(image_of(library_image([](hid_t file) {
                        H5Lcreate_external("other.h5", "/x", file, "external", H5P_DEFAULT, H5P_DEFAULT);
                      })),
                      "weights");
  EXPECT_THAT(error_of([&] { external.read("external"); }), HasSubstr("external link"));

  EXPECT_THAT(error_of([] {
                Hdf5Reader(image_of(library_image([](hid_t file) {
                             hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
                             H5Lcreate_hard(file, "/", group, "up", H5P_DEFAULT, H5P_DEFAULT);
                             H5Gclose(group);
                           })),
                           "weights");
              }),
              HasSubstr("linked twice"));
}

/// Opens and reads everything; only an Error may come of it.
std::string try_all(std::string_view image) {
  return error_of([&] {
    Hdf5Reader reader(image_of(image), "weights");
    for (const std::string &path : reader.paths())
      error_of([&] { reader.read(path); });
  });
}

TEST(Hdf5, DamageIsRefusedOrHarmless) {
  std::string whole = write_hdf5(two_layers), chunked = library_image([](hid_t file) {
                                                make_array(file, "gzip", {50, 33}, {8, 10}, true);
                                                make_array(file, "edges", {5, 7, 3}, {2, 4, 2}, false);
                                              });
  EXPECT_EQ(try_all(whole), "(no error)");
  EXPECT_THAT(try_all(""), HasSubstr("no HDF5"));
  EXPECT_THAT(try_all(whole.substr(0, whole.size() / 2)), HasSubstr("cut off"));
  for (std::string image : {whole, chunked})
    for (std::size_t at = 0; at < image.size(); ++at)
      for (unsigned char value : {0x00, 0x01, 0x7f, 0xff}) {
        char before = image[at];
        image[at] = static_cast<char>(value);
        if (before != image[at])
          try_all(image);
        image[at] = before;
      }
  for (std::size_t at = 0; at + 8 <= whole.size(); at += 4)
    for (std::uint64_t value : {~std::uint64_t(0), std::uint64_t(1) << 62, std::uint64_t(96), std::uint64_t(at)}) {
      std::string image = whole;
      std::copy_n(reinterpret_cast<const char *>(&value), 8, image.begin() + static_cast<std::ptrdiff_t>(at));
      try_all(image);
    }
}

TEST_F(Archive, RoundTrip) {
  Json config = {{"class_name", "Sequential"}, {"config", {{"name", "net"}, {"layers", Json::array()}}}};
  write_keras_archive(path("net.keras"), config, two_layers);
  KerasArchive archive(path("net.keras"));
  EXPECT_EQ(archive.config(), config);
  EXPECT_EQ(archive.config().begin().key(), "class_name");
  EXPECT_TRUE(archive.metadata().contains("keras_version"));
  EXPECT_EQ(archive.weights().size(), 3u);
  EXPECT_EQ(archive.weight("layers/dense/vars/1").str(), "[7. 8. 9.]");
  EXPECT_THAT(error_of([&] { archive.weight("layers/dense/vars/2"); }),
              AllOf(HasSubstr("net.keras"), HasSubstr("layers/dense/vars/2")));
}

TEST_F(Archive, NamesTheMissingPart) {
  auto without = [&](const std::string &missing) {
    ZipWriter zip(path("x.keras"));
    for (auto [name, data] :
         {std::pair<std::string, std::string>("config.json", "{}"), {"model.weights.h5", write_hdf5({})}})
      if (name != missing)
        zip.add(name, data);
    zip.commit();
    return error_of([&] { KerasArchive archive(path("x.keras")); });
  };
  EXPECT_EQ(without("metadata.json"), "(no error)");
  EXPECT_THAT(without("config.json"), AllOf(HasSubstr("x.keras"), HasSubstr("config.json")));
  EXPECT_THAT(without("model.weights.h5"), HasSubstr("model.weights.h5"));
  EXPECT_THAT(error_of([&] { KerasArchive archive(path("nothing.keras")); }), HasSubstr("nothing.keras"));
  EXPECT_THAT(error_of([&] { KerasArchive archive(folder); }), HasSubstr("folder"));
}

TEST_F(Archive, RefusesHostileJson) {
  auto with = [&](const std::string &config) {
    ZipWriter zip(path("x.keras"));
    zip.add("config.json", config);
    zip.add("model.weights.h5", write_hdf5({}));
    zip.commit();
    return error_of([&] { KerasArchive archive(path("x.keras")); });
  };
  auto nest = [](int depth, const std::string &open, const std::string &close) {
    std::string text;
    for (int i = 0; i < depth; ++i)
      text += open;
    text += '1';
    for (int i = 0; i < depth; ++i)
      text += close;
    return text;
  };
  EXPECT_EQ(with(R"({"deep": )" + nest(200, "[", "]") + "}"), "(no error)");
  EXPECT_THAT(with(nest(100000, "[", "]")), HasSubstr("nests deeper"));
  EXPECT_THAT(with(nest(100000, "{\"a\":", "}")), HasSubstr("nests deeper"));
  EXPECT_THAT(with(std::string(1000000, '[')), HasSubstr("nests deeper"));
  EXPECT_THAT(with(""), HasSubstr("no JSON"));
  EXPECT_THAT(with("layers: [dense]\n"), HasSubstr("no JSON"));
  EXPECT_THAT(with("{\"a\": \"\xff\xfe\"}"), HasSubstr("no JSON"));
  EXPECT_THAT(with("{}}{"), HasSubstr("no JSON"));
  EXPECT_THAT(with("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(with("null"), HasSubstr("no JSON object"));
  EXPECT_THAT(with(std::string(33 << 20, ' ')), HasSubstr("at most"));
}

TEST(Json, NumbersPastTheRangeOfADouble) {
  Json json = parse_json(R"({"a": 1e999, "b": -Infinity, "c": "1e999 \" Infinity", "d": 1.5e3, "e": 12})", "x");
  EXPECT_EQ(json["a"].get<double>(), std::numeric_limits<double>::max());
  EXPECT_EQ(json["b"].get<double>(), -std::numeric_limits<double>::max());
  EXPECT_EQ(json["c"], "1e999 \" Infinity");
  EXPECT_EQ(json["d"], 1500.0);
  EXPECT_TRUE(json["e"].is_number_integer());
}

} // namespace
} // namespace lamina::runtime
