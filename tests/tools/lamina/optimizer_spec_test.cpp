#include "tools/lamina/optimizer_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/files_fixture.h"

namespace lamina::tools {
namespace {

using ::testing::HasSubstr;

TEST(OptimizerSpec, NamesAndOptions) {
  OptimizerSpec adam = parse_optimizer_spec("adam");
  EXPECT_EQ(adam.name, "adam");
  EXPECT_EQ(adam.options.size(), 0u);
  OptimizerSpec sgd = parse_optimizer_spec("sgd:learning_rate=1e-1,momentum=0.9,nesterov=true,clipnorm=none,steps=3");
  EXPECT_EQ(sgd.name, "sgd");
  EXPECT_EQ(sgd.options["learning_rate"].as_double(), 0.1);
  EXPECT_EQ(sgd.options["nesterov"].as_bool(), true);
  EXPECT_TRUE(sgd.options["clipnorm"].is_null());
  EXPECT_EQ(sgd.options["steps"].as_int(), 3);
}

TEST(OptimizerSpec, NamesWhatIsWrong) {
  auto refusal = [](const char *text) { return runtime::error_of([&] { parse_optimizer_spec(text); }); };
  EXPECT_THAT(refusal("sgd:learning_rate"), HasSubstr("learning_rate"));
  EXPECT_THAT(refusal("sgd:learning_rate="), HasSubstr("learning_rate"));
  EXPECT_THAT(refusal("sgd:learning_rate=fast"), HasSubstr("fast"));
  EXPECT_THAT(refusal("sgd:learning_rate=1e999"), HasSubstr("1e999"));
  EXPECT_THAT(refusal("sgd:momentum=1,momentum=2"), HasSubstr("momentum"));
  EXPECT_THAT(refusal("sgd:,"), HasSubstr("no value"));
  EXPECT_THAT(refusal(""), HasSubstr("no name"));
  EXPECT_THAT(refusal(":a=1"), HasSubstr("no name"));
}

} // namespace
} // namespace lamina::tools
