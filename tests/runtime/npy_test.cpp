#include "runtime/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/files_fixture.h"

namespace lamina::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Npy = Files;
using Npz = Files;

Tensor bytes(std::string_view text) {
  return Tensor::copy_of(text.data(), {static_cast<std::int64_t>(text.size())}, DType::UInt8);
}

std::string npy(const std::string &header, const std::string &payload, int version = 1) {
  std::string text("\x93NUMPY");
  text += {static_cast<char>(version), '\0', static_cast<char>(header.size() & 0xff),
           static_cast<char>(header.size() >> 8 & 0xff)};
  if (version > 1)
    text += {static_cast<char>(header.size() >> 16), '\0'};
  return text + header + payload;
}

Tensor parse(const std::string &header, const std::string &payload, int version = 1) {
  return parse_npy(bytes(npy(header, payload, version)), "array 'a'");
}

std::string refusal(const std::string &header, const std::string &payload = "", int version = 1) {
  return error_of([&] { parse(header, payload, version); });
}

TEST_F(Npy, RoundTripOfEveryDtype) {
  for (int i = 0; i <= static_cast<int>(DType::Float64); ++i) {
    auto dtype = static_cast<DType>(i);
    Tensor x = Tensor{{1., 0., 1.}, {0., 1., 0.}}.astype(dtype);
    write_npy(path("x.npy"), x);
    Tensor y = read_npy(path("x.npy"));
    EXPECT_EQ(y.dtype(), dtype == DType::BFloat16 ? DType::Float32 : dtype);
    EXPECT_EQ(y.shape(), x.shape());
    EXPECT_EQ(y.astype(DType::Float32).str(), x.astype(DType::Float32).str());
  }
}

TEST_F(Npy, RanksAndEmptiness) {
  for (const Shape &shape : {Shape{}, Shape{0}, Shape{1}, Shape{3, 0, 2}, Shape{2, 1, 3, 1}}) {
    write_npy(path("x.npy"), Tensor(shape, DType::Float64));
    EXPECT_EQ(read_npy(path("x.npy")).shape(), shape);
  }
}

TEST(NpyHeader, VersionsOrdersAndByteOrders) {
  std::string six{0, 1, 2, 3, 4, 5};
  Tensor rows = parse("{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }", six);
  EXPECT_EQ(rows.at<std::int8_t>(1, 0), 3);
  Tensor columns = parse("{\"shape\": (2L, 3L), 'fortran_order': True, 'descr': '|i1'}\n", six, 2);
  EXPECT_EQ(columns.shape(), Shape({2, 3}));
  EXPECT_EQ(columns.at<std::int8_t>(0, 1), 2);
  EXPECT_EQ(columns.at<std::int8_t>(1, 2), 5);
  EXPECT_EQ(parse("{'descr': '>i4', 'fortran_order': False, 'shape': ()}", std::string("\0\0\1\2", 4), 3).item<int>(),
            258);
  Tensor unsigned16 = parse("{'descr': '<u2', 'fortran_order': False, 'shape': (1,)}", "\xff\xff");
  EXPECT_EQ(unsigned16.dtype(), DType::Int32);
  EXPECT_EQ(unsigned16.item<int>(), 65535);
  Tensor booleans = parse("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", std::string("\7\0", 2));
  EXPECT_EQ(static_cast<unsigned char *>(booleans.raw())[0], 1);
}

TEST(NpyHeader, RefusesWhatIsNoArrayOfNumbers) {
  auto with = [](const std::string &descr) {
    return refusal("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,)}", std::string(16, '\0'));
  };
  EXPECT_THAT(with("'|O'"), AllOf(HasSubstr("array 'a'"), HasSubstr("Python objects")));
  EXPECT_THAT(with("'<U4'"), HasSubstr("strings"));
  EXPECT_THAT(with("'|S4'"), HasSubstr("strings"));
  EXPECT_THAT(with("'<c8'"), HasSubstr("complex"));
  EXPECT_THAT(with("'<M8[s]'"), HasSubstr("dates"));
  EXPECT_THAT(with("[('a', '<f4')]"), HasSubstr("structured"));
  EXPECT_THAT(with("'<f16'"), HasSubstr("<f16"));
  EXPECT_THAT(with("''"), HasSubstr("lacks"));
  EXPECT_THAT(with("'<'"), HasSubstr("not supported"));
}

TEST(NpyHeader, RefusesShapesThatTheBytesDoNotFill) {
  auto with = [](const std::string &shape, std::size_t have) {
    return refusal("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}", std::string(have, '\0'));
  };
  EXPECT_THAT(with("(250000000000, 4)", 32), HasSubstr("not filled"));
  EXPECT_THAT(with("(4611686018427387904, 4)", 32), HasSubstr("too many elements"));
  EXPECT_THAT(with("(4294967296, 4294967296)", 32), HasSubstr("too many elements"));
  EXPECT_THAT(with("(99999999999999999999,)", 32), HasSubstr("damaged"));
  EXPECT_THAT(with("(-2, 4)", 32), HasSubstr("negative"));
  EXPECT_THAT(with("(2, 4)", 20), HasSubstr("not filled"));
  EXPECT_THAT(with("(2, 4)", 64), HasSubstr("not filled"));
  EXPECT_THAT(with("(1,1,1,1,1,1,1,1,1,1,1,1,1)", 4), HasSubstr("dimensions"));
}

TEST(NpyHeader, RefusesDamage) {
  EXPECT_THAT(error_of([] { parse_npy(bytes("hello"), "a"); }), HasSubstr("no .npy"));
  EXPECT_THAT(error_of([] { parse_npy(bytes(""), "a"); }), HasSubstr("no .npy"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "1234", 9), HasSubstr("version 9"));
  EXPECT_THAT(refusal("{'descr': __import__('os'), 'shape': (2, 4)"), HasSubstr("damaged"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': False}"), HasSubstr("lacks"));
  EXPECT_THAT(refusal("{'descr': " + std::string(60000, '(')), HasSubstr("damaged"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': Maybe}"), HasSubstr("neither"));
  EXPECT_THAT(refusal("{'other': 1}"), HasSubstr("other"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1", "1234"),
              HasSubstr("after its end"));
  std::string whole = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "1234");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(error_of([&] { parse_npy(bytes(whole.substr(0, length)), "a"); }), "(no error)") << length;
}

TEST_F(Npz, RoundTrip) {
  Tensor a{{1., 2.}, {3., 4.}}, b{7, 8, 9};
  write_npz(path("x.npz"), {{"a", a}, {"b", b}});
  NpzReader reader(path("x.npz"));
  EXPECT_EQ(reader.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(reader.contains("b"));
  EXPECT_EQ(reader.read("a").str(), a.str());
  EXPECT_EQ(read_npz(path("x.npz"))[1].second.str(), b.str());
  EXPECT_THAT(error_of([&] { reader.read("c"); }), AllOf(HasSubstr("x.npz"), HasSubstr("c.npy")));
}

TEST_F(Npz, NothingIsLeftBehind) {
  {
    ZipWriter abandoned(path("x.npz"));
  }
  write_npz(path("y.npz"), {{"a", Tensor{1}}});
  write_npz(path("y.npz"), {{"a", Tensor{2}}});
  std::vector<std::string> files;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path().filename());
  EXPECT_EQ(files, std::vector<std::string>{"y.npz"});
  EXPECT_EQ(read_npz(path("y.npz"))[0].second.item<int>(), 2);
}

TEST_F(Npz, SaysWhyItCannotWrite) {
  EXPECT_THAT(error_of([&] { write_npz(path("none/y.npz"), {}); }),
              AllOf(HasSubstr("none/y.npz"), HasSubstr("No such file")));
  EXPECT_THAT(error_of([&] { write_npz(folder, {}); }), HasSubstr("folder"));
}

TEST_F(Npz, DamagedArchives) {
  write_npz(path("x.npz"), {{"a", Tensor{1, 2, 3}}, {"b", Tensor{4., 5.}}});
  std::string whole = read_file(path("x.npz"), 1 << 20);
  auto opened = [&](const std::string &data) {
    write("damaged.npz", data);
    return error_of([&] { read_npz(path("damaged.npz")); });
  };
  EXPECT_EQ(opened(whole), "(no error)");
  EXPECT_THAT(opened(""), HasSubstr("damaged.npz"));
  EXPECT_THAT(opened("this is no zip file"), HasSubstr("no zip archive"));
  for (std::size_t length = 0; length + 1 < whole.size(); length += 7)
    EXPECT_NE(opened(whole.substr(0, length)), "(no error)") << length;
  for (std::size_t at = 0; at < whole.size(); at += 5)
    for (char bit : {'\x01', '\xff'}) {
      std::string data = whole;
      data[at] = static_cast<char>(data[at] ^ bit);
      opened(data);
    }
  std::string payload = whole;
  payload[payload.find("NUMPY") + 130] ^= 1;
  EXPECT_THAT(opened(payload), HasSubstr("CRC"));
  EXPECT_THAT(error_of([&] { ZipReader reader(path("nothing.npz")); }), HasSubstr("nothing.npz"));
  EXPECT_THAT(error_of([&] { ZipReader reader(folder); }), HasSubstr("folder"));
}

TEST_F(Npz, SizesAreNotBelieved) {
  write_npz(path("x.npz"), {{"a", Tensor{1, 2, 3}}});
  std::string data = read_file(path("x.npz"), 1 << 20);
  std::size_t directory = data.find("PK\x01\x02");
  ASSERT_NE(directory, std::string::npos);
  for (std::size_t field : {20, 24}) {
    std::string lie = data;
    lie.replace(directory + field, 4, "\xfe\xff\xff\xff");
    write("lie.npz", lie);
    EXPECT_THAT(error_of([&] { read_npz(path("lie.npz")); }), HasSubstr("lie.npz"));
  }
  EXPECT_THAT(error_of([&] { ZipReader(path("x.npz")).read("a.npy", 100); }), HasSubstr("at most 100"));
}

} // namespace
} // namespace lamina::runtime
