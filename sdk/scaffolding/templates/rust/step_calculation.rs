pub fn @function@(_: &@state@, call: &Call) -> Outcome {
    let amount = @amount@;
    let raised = amount.plus_percent(call.config()?.get("percent"))?;
    Ok(Json::object([("amount_cents", raised.cents().into())]))
}

