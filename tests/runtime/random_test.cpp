#include "runtime/random.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace lamina::runtime {
namespace {

// The known answers that come with the authors' Random123 library.
TEST(Philox, KnownAnswers) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, UniformIsUniform) {
  Philox random(7);
  double sum = 0, squares = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    float x = random.uniform();
    ASSERT_GE(x, 0.0f);
    ASSERT_LT(x, 1.0f);
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(squares / n, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / n));
}

TEST(Permutation, IsOneAndDependsOnTheSeedAlone) {
  std::vector<std::int64_t> order = permutation(1000, 42);
  EXPECT_EQ(order, permutation(1000, 42));
  EXPECT_NE(order, permutation(1000, 43));
  EXPECT_NE(order, permutation(1000, 42, 1));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(permutation(0, 1).empty());
  EXPECT_EQ(permutation(1, 1), (std::vector<std::int64_t>{0}));
}

TEST(Permutation, PutsEveryNumberEverywhere) {
  int counts[4][4] = {};
  constexpr int trials = 4000;
  for (int seed = 0; seed < trials; ++seed) {
    auto order = permutation(4, static_cast<std::uint64_t>(seed));
    for (std::size_t i = 0; i < 4; ++i)
      ++counts[i][order[i]];
  }
  for (auto &row : counts)
    for (int count : row)
      EXPECT_NEAR(count, trials / 4, 5 * std::sqrt(trials * 3.0 / 16));
}

} // namespace
} // namespace lamina::runtime
