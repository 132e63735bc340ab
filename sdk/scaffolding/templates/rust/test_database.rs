/// On the database that TASKER_TEST_DATABASE names, if it does: schema.sql must have been run there.
#[test]
fn test_@step@() {
    let database = std::env::var("TASKER_TEST_DATABASE");
    let plugin = |database: &str| {
        let config = Json::object([("database", database.into())@outbox@]);
        Plugin::begin(HANDLERS, &config.to_text().unwrap()).unwrap()
    };
    let impossible = plugin("host=127.0.0.1\0").run("@step@", Attempt::default());
    assert_eq!(impossible.code(), "sql.bad_value");

    let plugin = plugin(database.as_deref().unwrap_or("host=127.0.0.1 port=9"));
    let first = plugin.run("@step@", Attempt::default());
    if database.is_err() {
        assert_eq!(first.code(), "sql.unreachable");
        return;
    }
    let again = plugin.run("@step@", Attempt { number: 2, ..Attempt::default() });
    assert!(first.outcome.as_ref().unwrap().get("record_id").as_i64().is_some());
    assert_eq!(again.outcome, first.outcome);
}

