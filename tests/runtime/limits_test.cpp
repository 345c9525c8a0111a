#include "runtime/limits.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lamina::runtime;

TEST(Limits, FiguresArePositive) {
  for (int threads : {1, 2}) {
    EXPECT_GT(fma_peak(threads), 0);
    for (Access access : {Access::read, Access::copy}) {
      double rate = bandwidth(access, 1 << 16, threads);
      EXPECT_TRUE(std::isfinite(rate) && rate > 0) << rate;
    }
  }
}

TEST(Limits, TheSmallestSizeIsAWholeStep) { EXPECT_GT(bandwidth(Access::copy, 1, 2), 0); }

TEST(Limits, LevelsGrow) {
  auto levels = cache_levels();
  ASSERT_GE(levels.size(), 3u);
  EXPECT_EQ(levels.front().name, "L1");
  EXPECT_EQ(levels.back().name, "memory");
  for (size_t i = 1; i < levels.size(); ++i)
    EXPECT_GT(levels[i].working_set, levels[i - 1].working_set);
}
