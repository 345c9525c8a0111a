#ifndef LAMINA_EXAMPLES_DEMO_H
#define LAMINA_EXAMPLES_DEMO_H

#include <lamina/lamina.h>
#include <lamina/npz.h>

#include <map>
#include <string>
#include <vector>

namespace demo {

/// A line of the closing table.
struct Row {
  std::string what;
  std::string value;
};
using Rows = std::vector<Row>;

/// Features and targets, the last fifth held out.
struct Split {
  lamina::Tensor x, y, held_out_x, held_out_y;
};
Split load(const std::string &name, bool shuffle = false);

/// 0.974 is "97.4 %".
std::string percent(double share);

/// A file of this run's folder.
std::string output(const std::string &name);

/// Draws the values after each epoch, one line a name.
void draw_curve(const std::string &path, const std::string &title,
                const std::map<std::string, std::vector<double>> &lines);

/// The four examples; each returns what it found.
Rows diamonds();
Rows definitions();
Rows digits();
Rows names();

} // namespace demo

#endif
