Json @function@(Call& call) {
  const Amount amount = @amount@;
  return {{"amount_cents", amount.plus_percent(call.config().value("percent", Json(0))).cents()}};
}

