#ifndef LAMINA_TESTS_RUNTIME_FILES_FIXTURE_H
#define LAMINA_TESTS_RUNTIME_FILES_FIXTURE_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include <lamina/error.h>

namespace lamina::runtime {

/// A folder of its own for each test.
class Files : public ::testing::Test {
protected:
  Files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lamina-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~Files() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string &name) const { return (folder / name).string(); }
  std::string write(const std::string &name, std::string_view data) const {
    std::ofstream(path(name), std::ios::binary) << data;
    return path(name);
  }

  std::filesystem::path folder;
};

/// The message of the Error that action throws, which must be one line.
inline std::string error_of(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "(no error)";
}

} // namespace lamina::runtime

#endif
