#include "runtime/parallel_for.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <lamina/error.h>

namespace lamina::runtime {
namespace {

TEST(ParallelFor, VisitsEveryItemOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (std::int64_t count : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(pool, count, [&](std::int64_t begin, std::int64_t end) {
        for (; begin < end; ++begin)
          ++visits[static_cast<std::size_t>(begin)];
      });
      for (const auto &each : visits)
        ASSERT_EQ(each.load(), 1);
    }
  }
}

TEST(ParallelFor, ManyShortLoopsInARow) {
  ThreadPool pool(4);
  std::int64_t total = 0;
  for (int loop = 0; loop < 20000; ++loop) {
    std::int64_t parts[16] = {};
    parallel_for(pool, 1 + loop % 16, [&](std::int64_t begin, std::int64_t end) {
      for (; begin < end; ++begin)
        parts[begin] = begin + 1;
    });
    for (std::int64_t part : parts)
      total += part;
  }
  EXPECT_EQ(total, 20000 / 16 * 816);
}

TEST(ParallelFor, CutsAtPlacesThatDependOnCountAndThreadsAlone) {
  auto cuts = [](const ThreadPool &pool) {
    std::mutex mutex;
    std::set<std::int64_t> found;
    parallel_for(pool, 1003, [&](std::int64_t begin, std::int64_t) {
      std::lock_guard lock(mutex);
      found.insert(begin);
    });
    return found;
  };
  ThreadPool pool(2), other(2);
  auto first = cuts(pool);
  EXPECT_EQ(first.size(), 8u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(cuts(pool), first);
    EXPECT_EQ(cuts(other), first);
  }
}

TEST(ParallelFor, OneThreadRunsOnTheCaller) {
  ThreadPool pool(1);
  int calls = 0;
  std::thread::id id;
  parallel_for(pool, 100, [&](std::int64_t begin, std::int64_t end) {
    ++calls;
    id = std::this_thread::get_id();
    EXPECT_EQ(end - begin, 100);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(id, std::this_thread::get_id());
}

TEST(ParallelFor, LoopsInsideLoopsAndFromOtherThreads) {
  ThreadPool pool(3);
  std::atomic<int> items{0};
  auto nest = [&] {
    for (int i = 0; i < 200; ++i)
      parallel_for(pool, 8, [&](std::int64_t begin, std::int64_t end) {
        for (; begin < end; ++begin)
          parallel_for(pool, 4, [&](std::int64_t b, std::int64_t e) { items += static_cast<int>(e - b); });
      });
  };
  std::thread second(nest);
  nest();
  second.join();
  EXPECT_EQ(items.load(), 2 * 200 * 8 * 4);
}

TEST(ParallelFor, TheContextRunsLoops) {
  const lamina_context *context = thread_pool(2).context();
  EXPECT_EQ(context->threads, 2);
  std::vector<int> seen(100);
  lamina_parallel_for(
      context, 100,
      [](void *closure, std::int64_t begin, std::int64_t end) {
        for (; begin < end; ++begin)
          (*static_cast<std::vector<int> *>(closure))[static_cast<std::size_t>(begin)] = 1;
      },
      &seen);
  EXPECT_EQ(seen, std::vector<int>(100, 1));
  EXPECT_EQ(&thread_pool(2), &thread_pool(2));
  EXPECT_EQ(thread_pool().threads(), available_cpus());
}

TEST(ParallelFor, RefusesNonsense) {
  EXPECT_THROW(ThreadPool(0), Error);
  EXPECT_THROW(ThreadPool(-2), Error);
  EXPECT_THROW(ThreadPool(1 << 20), Error);
}

} // namespace
} // namespace lamina::runtime
