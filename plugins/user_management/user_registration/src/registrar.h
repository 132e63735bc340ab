// The plugin's state and its five steps. The outbox stands for a mail service that is rate-limited: while
// `outbox_limit` messages wait in it, it takes no more. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace user_registration {

class Registrar {
 public:
  // [loader] Throws PermanentError config.invalid.
  explicit Registrar(const tasker::Json& config);

  // [worker]
  tasker::Json create_user_account(tasker::Call& call);
  tasker::Json setup_billing_profile(tasker::Call& call);
  tasker::Json initialize_preferences(tasker::Call& call);
  tasker::Json send_welcome_sequence(tasker::Call& call);
  tasker::Json update_user_status(tasker::Call& call);

 private:
  shop::Office office_;
  std::int64_t outbox_limit_;
};

}  // namespace user_registration
