#include "base/error_guide.h"

namespace tasker {

// No default: the compiler names the code that is missing.
ErrorGuide guide_of(Code code) {
  switch (code) {
    case Code::internal:
      return {"The program met something that it was not made for.",
              "Keep the log and report it; the sentence beside the code says what was going on."};
    case Code::invalid_argument:
      return {"A request holds a value that its field cannot have.",
              "Correct the field that the answer's `pointer` names."};
    case Code::invalid_json:
      return {"A body, context or result is not one JSON value, is nested too deeply, or holds what the database "
              "cannot (\\u0000, numbers beyond PostgreSQL's numeric).",
              "Correct the text at the place that the sentence names. At most 100 levels are taken."};
    case Code::not_found:
      return {"There is nothing of that id or name.", "Look at the list: `tasker task list`, `tasker plugin list`."};
    case Code::too_large:
      return {"A body, a field or a file is larger than its bound.",
              "Send less at a time, or raise http.max_body_mib when it is a body."};
    case Code::overloaded:
      return {"A queue of the host is full: more is submitted than the database can write, or there are too many "
              "connections.",
              "Try again after a moment; submit in bulk; add a host when it stays so."};
    case Code::stopping:
      return {"The host is stopping and takes no more work.", "Submit to another host, or wait until it is back."};
    case Code::timed_out:
      return {"Something did not end within its deadline: an answer of the engine, a start, a shutdown.",
              "Look before you repeat a submission, for it may have been done. The log says what was slow."};
    case Code::context_invalid:
      return {"The task's context does not fit the schema of its template.",
              "Correct the fields that the answer lists; GET /tasker/handlers/{namespace}/{name} shows the schema."};
    case Code::unknown_handler:
      return {"No plugin of this namespace and name is known.",
              "Check both with `tasker plugin list`: it may lie in another namespace, or have been refused."};
    case Code::version_unknown:
      return {"The handler is known, but no living host has loaded a version that was asked for.",
              "Drop that version into the plugins folder, or ask for one that `tasker plugin list` shows as active."};
    case Code::namespace_unknown:
      return {"No plugin was ever loaded from a namespace of this name.",
              "Look at GET /tasker/handlers, or drop a plugin into plugins/<namespace>/."};
    case Code::database_unavailable:
      return {"PostgreSQL cannot be reached, is starting or stopping, or lacks connections, memory or disk.",
              "See that it runs and that the connection string is right (database.url, TASKER_DATABASE__URL, "
              "--database). A running `tasker serve` tries again by itself and loses nothing; `tasker dev` ends when its "
              "private database does: start it again."};
    case Code::database_error:
      return {"PostgreSQL refused a statement.",
              "The sentence quotes it. Missing rights and foreign changes to the schema are the usual causes. A step ends with it "
              "when its inputs alone cannot be read or its outcome alone cannot be written."};
    case Code::database_newer:
      return {"A newer tasker has migrated this database.", "Install that version, or connect to another database."};
    case Code::database_unfit:
      return {"The PostgreSQL server is too old, or set up in a way that could lose work.",
              "Change the setting that the sentence names."};
    case Code::database_bad_value:
      return {"A value cannot be stored: \\u0000, invalid UTF-8, or a number out of range.", "Correct the value."};
    case Code::database_locked:
      return {"Somebody else held rows for too long.",
              "Try again. When it stays so, look for long transactions in pg_stat_activity."};
    case Code::host_dead:
      return {"The other hosts saw no heartbeat of this one and took its work over.",
              "Nothing: it registers anew by itself. A database that is too slow for heartbeats is the usual cause."};
    case Code::data_dir_in_use:
      return {"Another process uses the data folder.",
              "Stop that one, or give this one a folder of its own with --data."};
    case Code::data_dir_unusable:
      return {"The data folder cannot be made, entered or written.",
              "Mend what the sentence names, or choose another folder with --data."};
    case Code::postgres_missing:
      return {"No PostgreSQL server was found on this machine.",
              "apt-get install postgresql-15, or name the folder of its programs in TASKER_PG_BIN."};
    case Code::postgres_start_failed:
      return {"The private PostgreSQL could not be made or started.",
              "Read what it printed, in the sentence or in <data>/postgres.log."};
    case Code::server_unreachable:
      return {"No host answers at the address.",
              "Start one with `tasker dev`, or name the right one with --server or TASKER_SERVER."};
    case Code::conflict: return {"The state of things does not allow it now.", "Look at the present state, then ask again."};
    case Code::not_allowed: return {"The server does not allow it.", "Ask whoever runs it."};
    case Code::config_invalid:
      return {"The configuration file, or a variable TASKER_SECTION__KEY, holds what is not allowed, or cannot be "
              "read.",
              "Correct the line that is named; config/tasker.yaml has every key. "
              "`tasker serve --check-config` tries it."};
    case Code::template_invalid:
      return {"A task template is not what a template must be.", "Correct the line and key that are named."};
    case Code::template_cycle:
      return {"Steps of a template wait for each other in a circle.", "Take one of the named dependencies out."};
    case Code::template_unknown_key:
      return {"A template has a key that does not exist.",
              "Correct it; config/template.schema.json has all keys, and the sentence the nearest."};
    case Code::plugin_untrusted_file:
      return {"Others than the host's user may change the file or a folder above it, or it is no regular file.",
              "Correct owner and mode: nobody else may write. Copy the file instead of linking it."};
    case Code::plugin_not_allowed:
      return {"plugins.allow_list names a list, and the plugin with these bytes is not on it, or the list cannot be used.",
              "Add the line that the sentence holds, or that `tasker plugin inspect --allow-line FILE` prints, once you trust the "
              "file. The list must belong to root or to the host's user, and nobody else may write it or a folder above it."};
    case Code::plugin_config_unavailable:
      return {"The plugin's configuration refers to a variable that is not set, or to a file that cannot be read.",
              "Set the variable for the host, or correct the file. The host looks for a file again by itself."};
    case Code::plugin_too_large: return {"The file or its template is over the limit.", "Strip it, or link less into it."};
    case Code::plugin_unreadable:
      return {"The file or the plugins folder cannot be opened or read.",
              "Correct its mode and owner; look for errors of the disk."};
    case Code::plugin_state_dir:
      return {"The host's folder for private copies is missing, full, or open to others.",
              "Give plugins.state_dir to the host's user with mode 0700 and room on the disk."};
    case Code::plugin_not_elf: return {"The file is no shared library.", "Link it with -shared, or use tasker_add_plugin."};
    case Code::plugin_truncated: return {"The file ends too early.", "Copy it again; copy to another name, then rename."};
    case Code::plugin_wrong_machine: return {"The file was built for another processor.", "Build it for this machine."};
    case Code::plugin_malformed:
      return {"The ELF file is damaged, or has been stripped of its section table.",
              "Build or copy it again, and do not use sstrip."};
    case Code::plugin_missing_symbol:
      return {"The file lacks the entry table or the embedded template.", "Build it with tasker_add_plugin."};
    case Code::plugin_extra_symbol:
      return {"The file exports more than its two entry symbols, which could collide with other plugins.",
              "Build it with tasker_add_plugin, which links with a version script."};
    case Code::plugin_unique_symbol:
      return {"The file exports symbols that the whole process would share (STB_GNU_UNIQUE).",
              "Build it with -fno-gnu-unique, as tasker_add_plugin does."};
    case Code::plugin_manifest_invalid:
      return {"The template inside the file is empty, not UTF-8, or refused.",
              "Correct the YAML, raise the version and build again; the sentence names line and key."};
    case Code::plugin_path_mismatch:
      return {"Folder or file name say something else than the template inside.",
              "Name it plugins/<namespace>/<name>-<version>.so as in its template."};
    case Code::plugin_version_mismatch:
      return {"The file name says another version than the template inside.",
              "Raise the version in both, or rename the file."};
    case Code::plugin_version_immutable:
      return {"This version is already known with other content. A version never changes.",
              "Raise the version, build, and drop that file. `tasker dev` takes changed bytes as a version of their own, "
              "such as 1.0.0+dev.1a2b3c4d."};
    case Code::plugin_load_failed:
      return {"The dynamic loader refused the file: a library or a symbol is missing.",
              "Install the library, or link it in; `ldd -r FILE` shows what is missing."};
    case Code::plugin_abi_unsupported:
      return {"The file was built for a plugin contract that this host does not speak.",
              "Build it with the SDK of this host, or update the host."};
    case Code::plugin_bad_table: return {"The plugin's table is incomplete or contradicts itself.", "Fill it in as plugin.h says."};
    case Code::plugin_handler_missing:
      return {"The template has a step whose handler is not in the plugin.",
              "Add the handler, or correct the step's handler_class or name."};
    case Code::plugin_handler_unknown:
      return {"The plugin has no handler of the name that a step wants.",
              "Build template and handlers from the same source."};
    case Code::plugin_unbound:
      return {"A workflow without code names a handler that no loaded plugin has.",
              "Drop the plugin that has it into the plugins folder, or correct the step's handler_class: namespace/name@range#handler."};
    case Code::plugin_check_failed:
      return {"`tasker plugin check` found the plugin to break the contract.",
              "Each line that says FAILED names the rule and what happened; plugin-api/ABI.md has the rules."};
    case Code::plugin_unsafe_replacement:
      return {"`tasker plugin diff` found changes that may break those who use the older version.",
              "Keep what is named, or raise the major version, so that ranges like ^1.2 do not take the new one."};
    case Code::plugin_init_failed:
      return {"The plugin's init reported an error, most often about its configuration.",
              "The sentence is the plugin's own. Correct plugins.configuration, or what it needs to reach."};
    case Code::plugin_not_loaded:
      return {"Open tasks have a version of a plugin that no living host has loaded, and no copy of its bytes is kept.",
              "Put that very file back into plugins/<namespace>/; `tasker plugin list` says which, and what is wrong with it."};
    case Code::plugin_not_supported_yet:
      return {"The plugin uses a part of the contract that this release does not serve.",
              "plugin-api/ABI.md lists those parts; leave them out for now."};
    case Code::plugin_bad_result:
      return {"A handler answered what is not JSON, not UTF-8, or too large.",
              "Answer one JSON value; keep large data elsewhere and answer where it is."};
    case Code::plugin_bad_outcome:
      return {"A handler answered an outcome that the contract does not know or does not allow there.",
              "plugin-api/ABI.md has the table of outcomes."};
    case Code::plugin_threw:
      return {"An exception left the plugin's code.", "Catch it there, or use the SDK, which turns it into an outcome."};
    case Code::http_port_taken:
      return {"Another program listens on the port.", "Stop it, or choose another port (--listen, http.listen)."};
    case Code::http_address_refused:
      return {"The address cannot be read, or is not loopback.",
              "Write 127.0.0.1:8765 or [::1]:8765; reach the host from elsewhere through an SSH tunnel."};
    case Code::http_bind_failed:
      return {"The system refused the port: it is privileged, or the address is not on this machine.",
              "Choose a port from 1024 on, and 127.0.0.1 or ::1."};
    case Code::http_bad_request: return {"The bytes are not HTTP.", "Speak HTTP/1.1, without TLS, to this port."};
    case Code::http_header_too_large: return {"The request's header is over 16 KiB.", "Send fewer or shorter headers."};
    case Code::http_request_timeout:
      return {"The request did not arrive whole within its time.", "Send it at once; look for a slow or broken network."};
    case Code::http_path_unknown: return {"There is nothing at this path.", "The paths are under /tasker: tasks, handlers, plugins, health/live, health/ready."};
    case Code::http_method: return {"The path does not answer this method.", "Use one of the methods in the Allow header."};
    case Code::http_media_type: return {"The body is declared as something else than JSON.", "Send Content-Type: application/json."};
    case Code::http_host_refused:
      return {"The Host header names another machine.", "Use localhost, 127.0.0.1 or [::1] in the URL."};
    case Code::http_origin_refused:
      return {"A page of another site tried to post.", "Post from a program, or from the host's own page."};
    case Code::request_parameter:
      return {"A query parameter is unknown, comes twice, or has a value that it cannot have.",
              "Correct the parameter that the sentence names."};
    case Code::request_header: return {"A header has a value that it cannot have.", "Correct the header that the sentence names."};
    case Code::request_missing: return {"A field that a task needs is missing.", "Add the field that the answer names."};
    case Code::request_unknown_field:
      return {"A field does not exist, or is set by the host alone.", "Leave it out, or correct its name."};
    case Code::request_duplicate_key: return {"A field comes twice.", "Send it once."};
    case Code::request_unsupported:
      return {"A field whose effect this release does not have yet.", "Leave it out: it would have no effect."};
    case Code::template_unsupported:
      return {"A template asks for what this release does not do yet: a key without effect, or, in a plugin, another plugin's handler.",
              "Take it out: it is refused so that nobody relies on it. Handlers of several plugins belong into a workflow without code."};
    case Code::config_not_found:
      return {"There is no configuration file of that name.",
              "Name one with --config or TASKER_CONFIG; without either it is /etc/tasker/tasker.yaml."};
    case Code::command_invalid:
      return {"The command line was not understood, or a value on it is not allowed.",
              "The sentence names the word; --help behind any command shows what it takes."};
    case Code::command_interrupted:
      return {"Ctrl-C or SIGTERM ended the command before it was done.",
              "Nothing is wrong; tasks that were submitted go on."};
    case Code::command_timed_out:
      return {"The task had not ended when --timeout was over.", "It goes on: `tasker task watch ID`."};
    case Code::server_bad_answer:
      return {"The server's answer is not what this program understands.",
              "See that --server names a tasker, and that both are of the same version."};
    case Code::plugin_bad_input:
      return {"A handler of the SDK got context, results or configuration that it could not read as it asked to.",
              "Look at the message: most often a parent's name in input(\"…\") is wrong."};
    case Code::plugin_bad_event:
      return {"The host refused an event that a handler emitted: no custom_events of the template names it, it is not "
              "JSON, or there are too many or too large ones.",
              "Name the event under custom_events of the step, and emit one small JSON value."};
    case Code::no_memory:
      return {"The host had no memory for an attempt's outcome; the attempt is repeated.",
              "Give the machine more memory, or lower engine.max_in_flight and the size of results."};
    case Code::idempotency_key_reused:
      return {"The Idempotency-Key was used before, for a request with another body or path.",
              "Repeat a request unchanged, byte by byte, or give the new one a key of its own."};
    case Code::step_lost:
      return {"The host ended several times while this step ran in it.",
              "Look into the log and the kernel's: it was killed, out of memory most often, or a thread of a plugin's own crashed."};
    case Code::plugin_crashed:
      return {"This step's handler took down its runner, or its host twice: the attempt's message and the crash report in the log "
              "name the signal. Of a plugin that is refused with it, opening its library or its init() did so.",
              "Mend the handler: run it in a debugger with the task's context, or look into the core dump. Then submit the work anew. "
              "A refused build is not tried again by any host of the database before `tasker plugin retry NAMESPACE/NAME@VERSION`."};
    case Code::plugin_timeout:
      return {"The attempt ran longer than runner.attempt_seconds, or its runner gave no sign of life; the runner was killed.",
              "Mend the handler, which may loop or block for good, or allow it more time in the configuration."};
    case Code::plugin_quarantined:
      return {"The plugin's runner crashed too often within a short time, so this host runs no more of this build.",
              "Mend the plugin and drop the new build. Its tasks wait meanwhile; `tasker plugin retry NAMESPACE/NAME@VERSION` runs the same "
              "build again."};
    case Code::plugin_runner_failed:
      return {"The process that runs an isolated plugin could not be started, or did not speak as it should.",
              "The sentence says why: too little memory, too many processes, or limits of the runner that are too narrow."};
    case Code::plugin_retired:
      return {"An operator retired this version, so that it takes no new tasks.",
              "Take another version, or take it back with `tasker plugin resume NAMESPACE/NAME@VERSION`."};
    case Code::plugin_not_refused:
      return {"A version was to be tried again that no host refuses and that is quarantined nowhere.",
              "Nothing is wrong with it; `tasker plugin show NAMESPACE/NAME@VERSION` tells its state."};
    case Code::plugin_is_default:
      return {"The version is the pinned default of new tasks, and cannot be retired as long as it is.",
              "Pin another one with `tasker plugin default NAMESPACE/NAME VERSION`, or take the pin away with --latest."};
    case Code::default_unavailable:
      return {"The task named no version, and the pinned default takes no new tasks anywhere; another one is never taken in its place.",
              "Bring that version back, or pin another: `tasker plugin default NAMESPACE/NAME` shows which there are."};
    case Code::no_thread:
      return {"The system gave the host no further thread, so that a plugin could not be tried, initialised or ended; it is tried again.",
              "Allow the host more threads or memory: ulimit -u, the pids limit of its control group, or TasksMax of its systemd unit."};
  }
  return {};
}

}  // namespace tasker
