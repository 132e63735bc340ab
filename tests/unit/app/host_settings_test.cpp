#include "app/host_settings.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace tasker::app {
namespace {

TEST(DevSettings, PutEverythingIntoTheDataFolder) {
  const auto settings = dev_settings({}, {}, {"/d"}, "host=/d/socket");
  EXPECT_EQ(settings.database.url, "host=/d/socket");
  EXPECT_EQ(settings.plugins.dir, "/d/plugins");
  EXPECT_EQ(settings.plugins.state_dir, "/d/plugin-cache");
  EXPECT_EQ(settings.log.file, "/d/tasker.log");
  EXPECT_EQ(settings.http.listen, config::Settings{}.http.listen);
}

TEST(DevSettings, KeepWhatWasSetAndPreferTheFlags) {
  config::Settings given;
  given.plugins.dir = "/config/plugins";
  given.log.file = "/config/log";
  EXPECT_EQ(dev_settings(given, {}, {"/d"}, "").plugins.dir, "/config/plugins");
  EXPECT_EQ(dev_settings(given, {}, {"/d"}, "").log.file, "/config/log");
  DevArguments flags;
  flags.plugins = "/flag/../plugins/";
  flags.listen = "9000";
  EXPECT_EQ(dev_settings(given, flags, {"/d"}, "").plugins.dir, "/plugins/");
  EXPECT_EQ(dev_settings(given, flags, {"/d"}, "").http.listen, "127.0.0.1:9000");
}

TEST(Configuration, IsTheOneNamedByFlagThenEnvironment) {
  ::setenv("TASKER_CONFIG", "/from/environment.yaml", 1);
  EXPECT_EQ(choose_config("flag.yaml"), "flag.yaml");
  EXPECT_EQ(choose_config(""), "/from/environment.yaml");
  ::unsetenv("TASKER_CONFIG");
}

TEST(ListenAddress, IsCompletedFromTheUsualOne) {
  const std::string usual = "127.0.0.1:8765";
  EXPECT_EQ(complete_listen_address("", usual), usual);
  EXPECT_EQ(complete_listen_address("0", usual), "127.0.0.1:0");
  EXPECT_EQ(complete_listen_address("localhost", usual), "localhost:8765");
  EXPECT_EQ(complete_listen_address("[::1]", usual), "[::1]:8765");
  EXPECT_EQ(complete_listen_address("[::1]:1", usual), "[::1]:1");
  EXPECT_EQ(complete_listen_address("127.0.0.2:1", usual), "127.0.0.2:1");
}

}  // namespace
}  // namespace tasker::app
