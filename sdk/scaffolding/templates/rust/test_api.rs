#[test]
fn test_@step@() {
    let plugin = @plugin@;
    let run = |server: &OneAnswer| {
        let config = format!(r#"{{"url": "{}"}}"#, server.url);
        plugin.run("@step@", Attempt { config: &config, ..Attempt::default() })
    };
    let good = run(&OneAnswer::with("200 OK", r#"{"sku": "tea"}"#));
    assert_eq!(good.outcome, Ok(Json::parse(br#"{"status": 200, "body": {"sku": "tea"}}"#).unwrap()));

    let busy = run(&OneAnswer::with("503 Service Unavailable\r\nRetry-After: 7", ""));
    assert_eq!(busy.outcome, Err(Failure::retry_after("HTTP_503", "the server answered 503", Duration::from_secs(7))));

    let missing = run(&OneAnswer::with("404 Not Found", ""));
    assert_eq!(missing.outcome, Err(Failure::fail("HTTP_404", "the server answered 404")));

    for config in [r#"{"url": "http://127.0.0.1:9/", "timeout_seconds": 0}"#, r#"{"url": "http://127.0.0.1:9/\u0000"}"#] {
        assert_eq!(plugin.run("@step@", Attempt { config, ..Attempt::default() }).code(), "http.bad_config");
    }
}

