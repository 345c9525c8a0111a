#include "runtime/progress.h"

#include <gtest/gtest.h>

namespace lamina::runtime {
namespace {

TEST(Progress, Durations) {
  EXPECT_EQ(duration_text(0.4), "0s");
  EXPECT_EQ(duration_text(65), "1:05");
  EXPECT_EQ(duration_text(3723), "1:02:03");
  EXPECT_EQ(per_step_text(0.0031), "3ms/step");
  EXPECT_EQ(per_step_text(2.2), "2s/step");
  EXPECT_EQ(per_step_text(45e-6), "45us/step");
}

TEST(Progress, OneLineAnEpochWithoutATerminal) {
  testing::internal::CaptureStderr();
  Progress progress(ProgressStyle::Line, 2, 45);
  progress.begin_epoch(1);
  for (int step = 1; step <= 45; ++step)
    progress.step(step, {{"loss", 0.5}});
  progress.end_epoch({{"loss", 0.0921}, {"tiny", 1e-5}});
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.rfind("Epoch 1/2\n45/45 - 0s ", 0), 0u) << text;
  EXPECT_NE(text.find(" - loss: 0.0921 - tiny: 1.0000e-05\n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Progress, ABarOnATerminal) {
  testing::internal::CaptureStderr();
  Progress progress(ProgressStyle::Bar, 1, 2);
  progress.begin_epoch(1);
  progress.end_epoch({{"loss", 1.0}});
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("\r2/2 \u2501"), std::string::npos) << text;
}

TEST(Progress, SilentSaysNothing) {
  testing::internal::CaptureStderr();
  Progress progress(ProgressStyle::Silent, 1, 2);
  progress.begin_epoch(1);
  progress.step(1, {});
  progress.end_epoch({});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

} // namespace
} // namespace lamina::runtime
