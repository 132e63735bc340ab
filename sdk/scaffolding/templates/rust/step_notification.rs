pub fn @function@(services: &Services, call: &Call) -> Outcome {
    let context = call.context()?;
    let email = context.get("email").as_str().ok_or_else(|| Failure::fail("@name@.no_email", "the context has no email"))?;
    // The key is the message's name: a second attempt delivers nothing new.
    services.outbox.deliver(call.idempotency_key(), email, "@name@", call.@data@())?;
    Ok(Json::object([("message_id", call.idempotency_key().into()), ("to", email.into())]))
}

