
// One object for the whole plugin, made when it is loaded@from_config@
struct Services {
@members@};
