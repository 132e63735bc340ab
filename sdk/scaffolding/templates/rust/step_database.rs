pub fn @function@(services: &Services, call: &Call) -> Outcome {
    // A second attempt with the same key finds the row of the first.
    let rows = services.database.run(
        "insert into @name@_records (idempotency_key, data) values ($1, $2::jsonb) \
         on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key returning id",
        &[call.idempotency_key(), call.@data@()],
    )?;
    Ok(Json::object([("record_id", rows[0][0].parse::<i64>()?.into())]))
}

