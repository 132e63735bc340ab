# find_package(tasker-sdk): the target tasker::sdk and the function tasker_add_plugin. The same file serves a source
# checkout (sdk/cmake), a build tree and an installed prefix; it finds the headers relative to itself.
include_guard(DIRECTORY)

get_filename_component(_tasker_sdk_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(EXISTS "${_tasker_sdk_root}/include/tasker/sdk.h")
  # A checkout: sdk/cmake beside sdk/include, and the contract one folder up.
  set(_tasker_sdk_includes "${_tasker_sdk_root}/include" "${_tasker_sdk_root}/../plugin-api/include")
else()
  # Installed: <prefix>/share/cmake/tasker-sdk.
  get_filename_component(_tasker_sdk_includes "${CMAKE_CURRENT_LIST_DIR}/../../../include" ABSOLUTE)
endif()
foreach(_tasker_sdk_dir IN LISTS _tasker_sdk_includes)
  if(NOT IS_DIRECTORY "${_tasker_sdk_dir}")
    set(tasker-sdk_FOUND FALSE)
    set(tasker-sdk_NOT_FOUND_MESSAGE "the headers are not in ${_tasker_sdk_dir}: install the SDK again")
    return()
  endif()
endforeach()

if(NOT TARGET tasker::plugin_api)
  add_library(tasker::plugin_api INTERFACE IMPORTED)
  set_target_properties(tasker::plugin_api PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_tasker_sdk_includes}")
endif()

# Plugins in C need no JSON library; tasker_add_plugin asks for it when there is C++ in the sources.
find_package(nlohmann_json 3.10 QUIET)
if(NOT TARGET tasker::sdk)
  add_library(tasker::sdk INTERFACE IMPORTED)
  set_target_properties(tasker::sdk PROPERTIES INTERFACE_LINK_LIBRARIES tasker::plugin_api)
  if(TARGET nlohmann_json::nlohmann_json)
    set_property(TARGET tasker::sdk APPEND PROPERTY INTERFACE_LINK_LIBRARIES nlohmann_json::nlohmann_json)
  endif()
endif()

# With the host program at hand every plugin is inspected when it is built. Set it to nothing to do without.
if(NOT DEFINED TASKER_PROGRAM)
  find_program(TASKER_PROGRAM tasker HINTS "${_tasker_sdk_root}/../build/release/bin" "${_tasker_sdk_root}/../../bin"
               DOC "The program that inspects plugins after they were linked")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/TaskerPlugin.cmake")
