/// With an outbox that these tests put nothing into.
fn settings() -> String {
    Json::object([@outbox@]).to_text().unwrap()
}

