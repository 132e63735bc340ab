#[test]
fn test_@step@() {
    let folder = std::env::temp_dir().join(format!("outbox-@step@-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap(); // not one that is somebody's already
    let config = Json::object([("outbox", folder.to_str().unwrap().into())]);
    let plugin = Plugin::begin(HANDLERS, &config.to_text().unwrap()).unwrap();
    let run = |number| plugin.run("@step@", Attempt { context: r#"{"email": "ada@example.org"}"#, number, ..Attempt::default() });
    let files = || std::fs::read_dir(&folder).unwrap().count();

    let first = run(1);
    assert_eq!(first.outcome.as_ref().unwrap().get("to").as_str(), Some("ada@example.org"));
    assert_eq!((run(2).outcome, files()), (first.outcome, 1));
    assert_eq!(plugin.run("@step@", Attempt::default()).code(), "@name@.no_email");
    std::fs::remove_dir_all(&folder).unwrap();
}

