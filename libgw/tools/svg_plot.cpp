#include "tools/svg_plot.hpp"

#include "tools/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gw::tools {
namespace {

constexpr double width = 760;
constexpr double height = 260;
constexpr double left = 70;
constexpr double right = 20;
constexpr double top = 34;
constexpr double bottom = 44;

/// 1, 2 or 5 times a power of ten, so that about five steps reach `most`.
double round_step(double most) {
  auto const rough = most / 5;
  auto const power = std::pow(10.0, std::floor(std::log10(rough)));
  for (double const factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

struct scale {
  double least;
  double most;
  double from;
  double to;

  double at(double value) const { return from + (value - least) / (most - least) * (to - from); }
};

std::vector<std::pair<double, std::string>> round_ticks(scale const& of) {
  auto const step = round_step(of.most);
  std::vector<std::pair<double, std::string>> ticks;
  for (double i = std::ceil(of.least / step); i * step <= of.most * 1.0001; ++i)
    ticks.emplace_back(i * step, fmt::format("{:g}", i * step));
  return ticks;
}

std::string label(std::string_view kind, double x, double y, std::string_view text) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", kind, x, y, markup(text));
}

std::string grid_line(double x1, double y1, double x2, double y2) {
  return fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x1, y1, x2, y2);
}

std::string path_of(svg_line const& line, scale const& x, scale const& y) {
  std::string path;
  for (auto const& [at, value] : line.points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x.at(at), y.at(value));
  return path;
}

}  // namespace

std::string svg_text(svg_plot const& plot) {
  bool drawable = false;
  scale x{HUGE_VAL, 0, left, width - right};
  scale y{0, 0, height - bottom, top};
  for (auto const& line : plot.lines) {
    drawable = drawable || line.points.size() > 1;
    for (auto const& [at, value] : line.points) {
      x.least = std::min(x.least, at);
      x.most = std::max(x.most, at);
      y.most = std::max(y.most, value);
    }
  }
  if (!drawable || x.most <= x.least) return {};
  if (y.most <= 0) y.most = 1;
  y.most *= 1.05;

  auto text =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", width, height, markup(plot.title));
  text += label("title", left, 18, plot.title);
  for (auto const& [value, name] : round_ticks(y)) {
    text += grid_line(left, y.at(value), width - right, y.at(value));
    text += label("y", left - 8, y.at(value) + 4, name);
  }
  for (auto const& [value, name] : plot.x_ticks.empty() ? round_ticks(x) : plot.x_ticks) {
    if (value < x.least || value > x.most) continue;
    text += grid_line(x.at(value), top, x.at(value), height - bottom);
    text += label("x", x.at(value), height - bottom + 16, name);
  }
  text += label("x", (left + width - right) / 2, height - 8, plot.x_name);
  text += label("unit", left, top - 4, plot.y_name);
  double legend = width - right;
  for (std::size_t i = 0; i < plot.lines.size(); ++i) {
    text += fmt::format("<path class=\"l{}\" d=\"{}\"/>", i, path_of(plot.lines[i], x, y));
    text += label(fmt::format("y t{}", i), legend, 18, plot.lines[i].name);
    legend -= 12 + 8.0 * static_cast<double>(plot.lines[i].name.size());
  }
  return text + "</svg>\n";
}

}  // namespace gw::tools
