Json @function@(Services& services, Call& call) {
  const Json email = call.context().value("email", Json());
  if (!email.is_string()) throw tasker::PermanentError("the context has no email", "@name@.no_email");
  // The key is the message's name: a second attempt delivers nothing new.
  services.outbox.deliver(std::string(call.idempotency_key()), email.get<std::string>(), "@name@",
                          std::string(call.@data@()));
  return {{"message_id", call.idempotency_key()}, {"to", email}};
}

