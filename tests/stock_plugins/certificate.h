// A self-signed certificate for 127.0.0.1, new in each call, for tests of TLS.
#pragma once

#include <filesystem>

namespace tasker::test {

// Two PEM files. The test fails when they cannot be made.
void make_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace tasker::test
