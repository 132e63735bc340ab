#[test]
fn test_@step@() {
    let plugin = @plugin@;
    let good = plugin.run("@step@", Attempt { @given@, config: r#"{"percent": 19}"#, ..Attempt::default() });
    assert_eq!(good.outcome, Ok(Json::object([("amount_cents", 2975.into())])));

    let wrong = plugin.run("@step@", Attempt { @given_wrong@, ..Attempt::default() });
    assert_eq!(wrong.code(), "@name@.bad_amount");
}

