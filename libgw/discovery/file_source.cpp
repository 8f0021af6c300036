#include "discovery/file_source.hpp"

#include "config/files.hpp"
#include "discovery/instance_file.hpp"
#include "net/folder_watch.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace gw::discovery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = 4 * 1024 * 1024;

bool is_folder(fs::path const& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

/// What is written under such a name is not finished, or somebody's own.
bool is_meant(fs::path const& file) {
  auto const ending = file.extension();
  return !file.filename().string().starts_with('.') && (ending == ".toml" || ending == ".json");
}

error with_path(fs::path const& file, error why) {
  why.at = side::upstream;
  why.context = file.string() + (why.context.starts_with("cannot be") ? " " : ":") + why.context;
  return why;
}

class file_source final : public source {
 public:
  explicit file_source(assignment const& told)
      : path_(told.settings.path),
        refresh_(told.settings.refresh),
        folder_(told.loop, (is_folder(path_) ? path_ : path_.parent_path() / ".").string()) {}

  net::awaitable<result<catalogue>> discover(ask what) override {
    if (what == ask::news && !stopped_) co_await folder_.changed(refresh_);
    if (stopped_) co_return error{errc::closed, side::gateway, "stopped", {}};
    co_return list();
  }

  bool waits_for_news() const noexcept override { return true; }
  duration longest_pause() const noexcept override { return std::chrono::seconds(2); }  // whoever mends it looks on

  void stop() noexcept override {
    stopped_ = true;
    folder_.close();
  }

 private:
  result<std::vector<fs::path>> files() const {
    if (!is_folder(path_)) return std::vector{path_};
    std::error_code failed;
    std::vector<fs::path> found;
    for (fs::directory_iterator at(path_, failed), end; !failed && at != end; at.increment(failed)) {
      if (is_meant(at->path())) found.push_back(at->path());
    }
    if (failed) return with_path(path_, {errc::io, side::upstream, "cannot be listed", failed});
    std::sort(found.begin(), found.end());
    return found;
  }

  result<catalogue> list() const {
    auto const named = files();
    if (!named) return named.error();
    catalogue whole;
    for (auto const& file : *named) {
      auto const text = config::read_file(file.string(), largest_file);
      if (!text) return with_path(file, text.error());
      auto read = read_instances(*text, file.extension() == ".json" ? file_form::json : file_form::toml);
      if (!read) return with_path(file, read.error());
      for (auto& [service, offers] : *read) std::move(offers.begin(), offers.end(), std::back_inserter(whole[service]));
    }
    return whole;
  }

  fs::path path_;
  duration refresh_;
  net::folder_watch folder_;
  bool stopped_ = false;
};

}  // namespace

result<std::unique_ptr<source>> make_file(assignment told) {
  return std::make_unique<file_source>(told);
}

}  // namespace gw::discovery
