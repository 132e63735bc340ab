// A database for one test, gone when the test ends. All come from one PostgreSQL server: the one whose socket folder is
// in $TASKER_TEST_PG, or else a private one that the test program starts once. Migrated ones are copies of a template
// that is migrated once a program. [any] thread.
#pragma once

#include <string>

namespace tasker::test {

class TempDb {
 public:
  enum class Kind { migrated, empty };

  explicit TempDb(Kind kind = Kind::migrated);
  ~TempDb();
  TempDb(const TempDb&) = delete;
  TempDb& operator=(const TempDb&) = delete;

  const std::string& name() const { return name_; }
  const std::string& conninfo() const { return conninfo_; }

  // For a database beside it, such as "postgres".
  static std::string conninfo_of(const std::string& database);

 private:
  std::string name_;
  std::string conninfo_;
};

}  // namespace tasker::test
