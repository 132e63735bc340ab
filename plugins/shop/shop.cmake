# include() this in an example's CMakeLists.txt, after find_package(tasker-sdk): the targets `shop`, and where libcurl is,
# `shop_office`; built once, whatever number of plugins links them.
include_guard(DIRECTORY)
find_package(CURL 7.85 QUIET)

# shop_library(<name> <sources...>): what becomes part of several plugins, compiled once, as tasker_add_plugin
# compiles a plugin's own sources.
function(shop_library name)
  add_library(${name} STATIC ${ARGN})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC tasker::sdk)
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  if(TASKER_SDK_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${TASKER_SDK_SANITIZE} -fno-omit-frame-pointer)
  endif()
  # One compilation: most of the time goes into the JSON header.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
endfunction()

# shop_plugin(<name> <namespace> <version> <sources...>): an example that has an office.
function(shop_plugin name namespace version)
  find_package(CURL 7.85 REQUIRED)  # without it there is no shop_office
  tasker_add_plugin(${name} NAMESPACE ${namespace} VERSION ${version} MANIFEST ${name}-${version}.yaml SOURCES ${ARGN})
  target_link_libraries(${name}-${version} PRIVATE shop_office)
  set_target_properties(${name}-${version} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
endfunction()

if(NOT TARGET shop)
  add_subdirectory(${CMAKE_CURRENT_LIST_DIR} ${CMAKE_BINARY_DIR}/plugin-projects/shop)
endif()
