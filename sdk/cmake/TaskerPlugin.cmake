# tasker_add_plugin and tasker_add_plugin_test.
#
# tasker_add_plugin: from sources and a YAML template to one plugin file that can be loaded beside its other versions
# and really leaves memory when it is unloaded. Each linker and compiler flag below was needed for one of the two.

set(_TASKER_PLUGIN_DIR "${CMAKE_CURRENT_LIST_DIR}")

# tasker_add_plugin(<name> VERSION <semver> MANIFEST <file.yaml> SOURCES <files...>
#                   [NAMESPACE <namespace>] [OUTPUT_DIRECTORY <dir>] [CHECK_CONFIG <json>])
# makes the target <name>-<version>, a file <dir>/<namespace>/<name>-<version>.so. The directory is
# ${CMAKE_BINARY_DIR}/plugins and the namespace `default` unless given. The build fails when the manifest's name,
# namespace_name or version differ from the arguments, and embeds the manifest again whenever it changes. When
# TASKER_PROGRAM names the host program, the build also fails when `tasker plugin inspect` refuses the file, and
# CTest gets a test check_<name>-<version> that runs `tasker plugin check`; CHECK_CONFIG is what its init() is given.
# One project may add several versions of one plugin.
function(tasker_add_plugin name)
  cmake_parse_arguments(arg "" "NAMESPACE;VERSION;MANIFEST;OUTPUT_DIRECTORY;CHECK_CONFIG" "SOURCES" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tasker_add_plugin(${name}): unknown argument: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  foreach(needed VERSION MANIFEST SOURCES)
    if(NOT arg_${needed})
      message(FATAL_ERROR "tasker_add_plugin(${name}) needs ${needed}")
    endif()
  endforeach()
  if(NOT arg_NAMESPACE)
    set(arg_NAMESPACE default)
  endif()
  foreach(word "${name}" "${arg_NAMESPACE}")
    string(LENGTH "${word}" length)
    if(NOT word MATCHES "^[a-z][a-z0-9_]*$" OR length GREATER 63)
      message(FATAL_ERROR "tasker_add_plugin(${name}): \"${word}\" is not a name: a lower-case letter, then "
                          "at most 62 lower-case letters, digits and underscores")
    endif()
  endforeach()
  if(NOT arg_VERSION MATCHES "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)([-+][0-9A-Za-z.+-]+)?$")
    message(FATAL_ERROR "tasker_add_plugin(${name}): VERSION \"${arg_VERSION}\" is not a semantic version such as 1.2.0")
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
  endif()
  get_filename_component(manifest "${arg_MANIFEST}" ABSOLUTE)

  set(target "${name}-${arg_VERSION}")
  _tasker_embed_manifest(manifest_source ${target} "${manifest}" ${name} ${arg_NAMESPACE} ${arg_VERSION})
  add_library(${target} MODULE ${arg_SOURCES} "${manifest_source}")
  # $<1:...> keeps multi-configuration generators from adding a folder: host and people look in this one.
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME "${target}" DEBUG_POSTFIX "" NO_SONAME ON
    LIBRARY_OUTPUT_DIRECTORY "$<1:${arg_OUTPUT_DIRECTORY}/${arg_NAMESPACE}>"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON INSTALL_RPATH "")
  _tasker_plugin_languages(${target} "${arg_SOURCES}")
  _tasker_plugin_flags(${target})
  if(TASKER_PROGRAM AND NOT CMAKE_CROSSCOMPILING)
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_COMMAND} "-DPROGRAM=${TASKER_PROGRAM}" "-DPLUGIN=$<TARGET_FILE:${target}>"
              -P "${_TASKER_PLUGIN_DIR}/inspect_plugin.cmake"
      VERBATIM)
    if(NOT arg_CHECK_CONFIG)
      set(arg_CHECK_CONFIG "{}")
    endif()
    add_test(NAME check_${target} COMMAND "${TASKER_PROGRAM}" plugin check $<TARGET_FILE:${target}> --config "${arg_CHECK_CONFIG}")
  endif()
endfunction()

# tasker_add_plugin_test(<name> PLUGIN <plugin>-<version> SOURCES <files...> [LINKED] [LIBRARIES <targets...>]
#                        [ENVIRONMENT <NAME=value...>] [TIMEOUT <seconds>])
# makes the program <name> from C++20 sources that use <tasker/testing.h>, or from C sources that use <tasker/c_testing.h>,
# and a CTest of that name. What it tests is the built file of the target PLUGIN, the very one that will be delivered; with
# LINKED the plugin's sources are compiled into the program instead, so that a debugger or a sanitizer sees all at once.
function(tasker_add_plugin_test name)
  cmake_parse_arguments(arg "LINKED" "PLUGIN;TIMEOUT" "SOURCES;LIBRARIES;ENVIRONMENT" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tasker_add_plugin_test(${name}): unknown argument: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  foreach(needed PLUGIN SOURCES)
    if(NOT arg_${needed})
      message(FATAL_ERROR "tasker_add_plugin_test(${name}) needs ${needed}")
    endif()
  endforeach()
  if(NOT TARGET ${arg_PLUGIN})
    message(FATAL_ERROR "tasker_add_plugin_test(${name}): there is no plugin ${arg_PLUGIN}; PLUGIN is the target of "
                        "tasker_add_plugin, <name>-<version>, made before this")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  _tasker_sources_in_cxx(sources_in_cxx "${arg_SOURCES}")
  if(sources_in_cxx AND (NOT "CXX" IN_LIST languages OR NOT TARGET nlohmann_json::nlohmann_json))
    message(FATAL_ERROR "tasker_add_plugin_test(${name}): the test kit is C++20 and needs nlohmann_json 3.10 or newer: "
                        "project(... LANGUAGES CXX), and on Debian and Ubuntu apt-get install nlohmann-json3-dev")
  endif()

  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} ${CMAKE_DL_LIBS})
  if(sources_in_cxx)
    target_link_libraries(${name} PRIVATE tasker::sdk)
    target_compile_features(${name} PRIVATE cxx_std_20)
  else()
    target_link_libraries(${name} PRIVATE tasker::plugin_api)
  endif()
  find_package(Threads REQUIRED)
  target_link_libraries(${name} PRIVATE Threads::Threads)
  if(arg_LINKED)
    _tasker_link_plugin_into(${name} ${arg_PLUGIN})
  else()
    target_compile_definitions(${name} PRIVATE "TASKER_TEST_PLUGIN_FILE=\"$<TARGET_FILE:${arg_PLUGIN}>\"")
    add_dependencies(${name} ${arg_PLUGIN})
  endif()
  if(TASKER_SDK_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${TASKER_SDK_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${name} PRIVATE -fsanitize=${TASKER_SDK_SANITIZE})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()

# The plugin's own sources, its manifest among them, as part of another program, with all that they are compiled with.
function(_tasker_link_plugin_into name plugin)
  get_target_property(sources ${plugin} SOURCES)
  get_target_property(folder ${plugin} SOURCE_DIR)
  foreach(source IN LISTS sources)
    get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${folder}")
    if(NOT EXISTS "${source}")
      set_source_files_properties("${source}" PROPERTIES GENERATED ON)
    endif()
    target_sources(${name} PRIVATE "${source}")
  endforeach()
  add_dependencies(${name} ${plugin})  # which makes the source of the manifest
  foreach(property IN ITEMS INCLUDE_DIRECTORIES COMPILE_DEFINITIONS COMPILE_OPTIONS LINK_LIBRARIES)
    get_target_property(value ${plugin} ${property})
    if(value)
      set_property(TARGET ${name} APPEND PROPERTY ${property} "${value}")
    endif()
  endforeach()
endfunction()

function(_tasker_sources_in_cxx out sources)
  list(FILTER sources INCLUDE REGEX "\\.(cc|cpp|cxx|C)$")
  set(${out} "${sources}" PARENT_SCOPE)
endfunction()

# A plugin in C++ gets the SDK and C++20, one in C the contract alone.
function(_tasker_plugin_languages target sources)
  _tasker_sources_in_cxx(sources_in_cxx "${sources}")
  if(NOT sources_in_cxx)
    target_link_libraries(${target} PRIVATE tasker::plugin_api)
    return()
  endif()
  if(NOT TARGET nlohmann_json::nlohmann_json)
    message(FATAL_ERROR "tasker_add_plugin(${target}): the SDK needs nlohmann_json 3.10 or newer, which was not "
                        "found. On Debian and Ubuntu: apt-get install nlohmann-json3-dev")
  endif()
  target_link_libraries(${target} PRIVATE tasker::sdk)
  target_compile_features(${target} PRIVATE cxx_std_20)
endfunction()

function(_tasker_plugin_flags target)
  # Unique symbols are one for the whole process even under RTLD_LOCAL: two versions would share their statics, and
  # the file would stay mapped after dlclose. clang makes none and does not know the flag.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${_TASKER_PLUGIN_DIR}/plugin.map" LINKER:-z,now LINKER:-z,relro LINKER:-z,noexecstack
    LINKER:--build-id LINKER:--disable-new-dtags)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${_TASKER_PLUGIN_DIR}/plugin.map")
  if(TASKER_SDK_SANITIZE)
    # A sanitizer's own functions come from the host that loads the plugin, so undefined ones must be allowed.
    target_compile_options(${target} PRIVATE -fsanitize=${TASKER_SDK_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${TASKER_SDK_SANITIZE})
  else()
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# Generates the source that holds the manifest, at build time and again whenever the YAML changes.
function(_tasker_embed_manifest out target manifest name namespace version)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("C" IN_LIST languages)
    set(extension c)
  else()
    set(extension cpp)
  endif()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}.manifest.${extension}")
  add_custom_command(
    OUTPUT "${source}"
    COMMAND ${CMAKE_COMMAND} "-DMANIFEST=${manifest}" "-DSOURCE=${source}" -DNAME=${name} -DNAMESPACE=${namespace}
            -DVERSION=${version} -P "${_TASKER_PLUGIN_DIR}/embed_manifest.cmake"
    DEPENDS "${manifest}" "${_TASKER_PLUGIN_DIR}/embed_manifest.cmake"
    COMMENT "Embedding the manifest of ${namespace}/${target}"
    VERBATIM)
  set(${out} "${source}" PARENT_SCOPE)
endfunction()
