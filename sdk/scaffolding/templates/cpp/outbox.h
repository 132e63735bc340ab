// Messages as files of a folder, from which another program sends them on. One that is there is not written again.
#pragma once

#include <filesystem>
#include <string>

class Outbox {
 public:
  // Makes the folder. Throws PermanentError when none is named, std::system_error.
  explicit Outbox(std::filesystem::path folder);

  // The file appears whole or not at all. Throws PermanentError for a recipient that is none, std::system_error.
  void deliver(const std::string& id, const std::string& to, const std::string& subject, const std::string& text) const;
  std::filesystem::path path_of(const std::string& id) const;

 private:
  std::filesystem::path folder_;
};
