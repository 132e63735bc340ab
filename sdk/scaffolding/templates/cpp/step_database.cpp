Json @function@(Services& services, Call& call) {
  // A second attempt with the same key finds the row of the first.
  const Database::Rows rows = services.database.run(
      "insert into @name@_records (idempotency_key, data) values ($1, $2::jsonb)"
      " on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key returning id",
      {std::string(call.idempotency_key()), std::string(call.@data@())});
  return {{"record_id", std::stoll(rows.at(0).at(0))}};
}

