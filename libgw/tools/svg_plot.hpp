// Line plots as SVG that stands in an HTML page. Pure text; used by the report of the load generator.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::tools {

struct svg_line {
  std::string_view name;  // in the legend
  std::vector<std::pair<double, double>> points;
};

struct svg_plot {
  std::string_view title;
  std::string_view x_name;
  std::string_view y_name;
  std::vector<svg_line> lines;                               // at most three, which the classes l0 to l2 paint
  std::vector<std::pair<double, std::string>> x_ticks = {};  // empty: at round numbers
};

/// A whole <svg> element; empty if no line has two points. All numbers are finite and not negative.
std::string svg_text(svg_plot const& plot);

}  // namespace gw::tools
