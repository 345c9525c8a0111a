#ifndef LAMINA_RUNTIME_PROGRESS_H
#define LAMINA_RUNTIME_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lamina::runtime {

/// Whether an epoch shows a bar that moves (a terminal), a line when it is over, or nothing: Keras's verbose 1, 2 and
/// 0.
enum class ProgressStyle { Silent, Bar, Line };

/// Bar if standard error is a terminal, else Line.
ProgressStyle default_progress_style();

using Logs = std::vector<std::pair<std::string, double>>;

/// Progress of training on standard error, as Keras shows it:
///
///     Epoch 2/5
///     45/45 ━━━━━━━━━━━━━━━━━━━━ 0s 3ms/step - accuracy: 0.9731 - loss: 0.0921 - val_loss: 0.1102
class Progress {
public:
  Progress(ProgressStyle style, int epochs, std::int64_t steps_per_epoch)
      : style_(style), epochs_(epochs), steps_(steps_per_epoch) {}

  void begin_epoch(int epoch);
  /// After step number `step` (from 1). Drawn at most some 20 times a second.
  void step(std::int64_t step, const Logs &logs);
  void end_epoch(const Logs &logs);

private:
  using Clock = std::chrono::steady_clock;
  std::string line(std::int64_t step, const Logs &logs) const;
  void draw(std::string text);

  ProgressStyle style_;
  int epochs_, epoch_ = 0;
  std::int64_t steps_;
  Clock::time_point start_{}, drawn_{};
  std::size_t width_ = 0;
};

/// "12s", "1:05", "850ms/step" … as Keras writes times.
std::string duration_text(double seconds);
std::string per_step_text(double seconds);

} // namespace lamina::runtime

#endif
