pub fn @function@(services: &Services, call: &Call) -> Outcome {
    let answer = services.http.send(&Request::of(call)?, call)?;
    answer.check()?;
    Ok(Json::object([("status", answer.status.into()), ("body", answer.json()?)]))
}

