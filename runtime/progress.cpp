#include "runtime/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lamina::runtime {

namespace {

constexpr std::int64_t bar_width = 20;
constexpr auto redraw_interval = std::chrono::milliseconds(50);

std::string number(double value) {
  char text[32];
  double size = std::abs(value);
  std::snprintf(text, sizeof text, size > 1e-3 || size == 0.0 ? "%.4f" : "%.4e", value);
  return text;
}

std::string logs_text(const Logs &logs) {
  std::string text;
  for (const auto &[name, value] : logs)
    text += " - " + name + ": " + number(value);
  return text;
}

/// Columns on the terminal: bytes that do not continue a UTF-8 character.
std::size_t columns(const std::string &text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace

ProgressStyle default_progress_style() { return isatty(STDERR_FILENO) ? ProgressStyle::Bar : ProgressStyle::Line; }

std::string duration_text(double seconds) {
  auto whole = static_cast<long long>(seconds);
  char text[64];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  else if (whole >= 60)
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%llds", whole);
  return text;
}

std::string per_step_text(double seconds) {
  char text[64];
  if (seconds >= 1)
    std::snprintf(text, sizeof text, "%.0fs/step", seconds);
  else if (seconds >= 1e-3)
    std::snprintf(text, sizeof text, "%.0fms/step", seconds * 1e3);
  else
    std::snprintf(text, sizeof text, "%.0fus/step", seconds * 1e6);
  return text;
}

std::string Progress::line(std::int64_t step, const Logs &logs) const {
  double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  double per_step = step > 0 ? elapsed / static_cast<double>(step) : 0;
  std::string total = std::to_string(steps_), now = std::to_string(step);
  std::string text = std::string(total.size() - std::min(total.size(), now.size()), ' ') + now + "/" + total;
  if (style_ == ProgressStyle::Bar) {
    std::int64_t filled = steps_ ? bar_width * step / steps_ : bar_width;
    text += ' ';
    for (std::int64_t i = 0; i < bar_width; ++i)
      text += i < filled ? "\u2501" : "\u2500";
    bool done = step >= steps_;
    text += " " + duration_text(done ? elapsed : per_step * static_cast<double>(steps_ - step));
  } else {
    text += " - " + duration_text(elapsed);
  }
  return text + " " + per_step_text(per_step) + logs_text(logs);
}

void Progress::draw(std::string text) {
  std::size_t wide = columns(text);
  if (wide < width_)
    text.append(width_ - wide, ' ');
  width_ = wide;
  std::fputs(("\r" + text).c_str(), stderr);
  std::fflush(stderr);
}

void Progress::begin_epoch(int epoch) {
  start_ = drawn_ = Clock::now();
  width_ = 0;
  epoch_ = epoch;
  if (style_ == ProgressStyle::Bar)
    std::fprintf(stderr, "Epoch %d/%d\n", epoch_, epochs_);
}

void Progress::step(std::int64_t step, const Logs &logs) {
  if (style_ != ProgressStyle::Bar || Clock::now() - drawn_ < redraw_interval)
    return;
  drawn_ = Clock::now();
  draw(line(step, logs));
}

void Progress::end_epoch(const Logs &logs) {
  if (style_ == ProgressStyle::Silent)
    return;
  if (style_ == ProgressStyle::Bar)
    draw(line(steps_, logs));
  else
    std::fprintf(stderr, "Epoch %d/%d\n%s", epoch_, epochs_, line(steps_, logs).c_str());
  std::fputc('\n', stderr);
}

} // namespace lamina::runtime
