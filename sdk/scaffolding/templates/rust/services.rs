use tasker_sdk::{Failure, Host, Json, State};

/// One object for the whole plugin, made when it is loaded@from_config@
pub struct Services {
@members@}

impl State for Services {
    fn begin(_: Host, @config@: &Json) -> Result<Services, Failure> {
        Ok(Services {
@begins@        })
    }
}

