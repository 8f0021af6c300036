// The one place that names the test framework's header, so that a new version is a one-line move.
#pragma once

#include <catch2/catch.hpp>
