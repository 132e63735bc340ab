Json @function@(Services& services, Call& call) {
  const HttpClient::Answer answer = services.http.send(HttpClient::request_of(call), call);
  answer.throw_unless_good();
  return {{"status", answer.status}, {"body", answer.json()}};
}

