// What is still said when the process dies of a fatal signal: version, signal, thread and call stack on stderr, then
// the signal's own default action, so that a core dump and the exit status stay what they were.
#pragma once

#include <string_view>

namespace gw {

/// Installs it for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT; once, before threads start. `version`, with the name of
/// the program, is copied. An allocation that fails where nobody catches it ends the process with a word and exit
/// status 1. A sanitizer's own report is better: then nothing is installed.
void install_crash_report(std::string_view version);

}  // namespace gw
