// A refund over two namespaces in a real host, each plugin in a process of its own: customer_success decides,
// payments gives the money back, and both are the same case.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system/support/example_host.h"

namespace tasker::test {
namespace {

// The host must be told its own address before it listens. Bound and not listening, this keeps the port from
// everybody else; the host, which reuses addresses, may listen on it.
class KeptPort {
 public:
  KeptPort() {
    const int yes = 1;
    EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, plain, size), 0);
    EXPECT_EQ(::getsockname(socket_, plain, &size), 0);
    number_ = ntohs(address.sin_port);
  }
  ~KeptPort() { ::close(socket_); }
  KeptPort(const KeptPort&) = delete;
  KeptPort& operator=(const KeptPort&) = delete;

  std::uint16_t number() const { return number_; }

 private:
  const int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t number_ = 0;
};

class RefundExample : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    port_ = new KeptPort;
    const std::string here = "127.0.0.1:" + std::to_string(port_->number());
    Tuning tuning;
    tuning.listen = here;
    host_ =
        new ExampleHost({"customer_success/process_refund-1.3.0", "payments/process_refund-2.1.0"},
                        {{"customer_success/process_refund", {{"tasker_url", "http://" + here + "/tasker"}}}},
                        tuning, {"TASKER_PLUGINS__ISOLATION=process"});
  }
  static void TearDownTestSuite() {
    delete host_;
    delete port_;
  }

  static Json submit(const Json& context, const std::string& correlation_id) {
    const Json task = {{"namespace", "customer_success"}, {"name", "process_refund"}, {"context", context}};
    const auto answer =
        host_->http().post("/tasker/tasks", task.dump(), "X-Correlation-ID: " + correlation_id + "\r\n");
    EXPECT_EQ(answer.status, 201) << answer.text;
    return host_->http().ended(answer.json().at("task_id").get<std::int64_t>());
  }
  static Json of_case(const std::string& correlation_id) {
    return host_->http().get("/tasker/tasks?correlation_id=" + correlation_id).json().at("tasks");
  }

  static inline KeptPort* port_ = nullptr;
  static inline ExampleHost* host_ = nullptr;
};

TEST_F(RefundExample, Item92BothTasksCarryTheSameCorrelationIdAndTheMoneyIsGivenBackOnce) {
  const auto task = submit(
      {{"ticket_id", 501}, {"refund_amount_cents", 4000}, {"refund_reason", "arrived broken"}}, "case-501");
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  EXPECT_EQ(task.at("correlation_id"), "case-501");
  expect_parents_first(task);

  const auto payments_id =
      step_of(task, "execute_refund_workflow").at("results").at("payments_task_id").get<std::int64_t>();
  const auto payments = host_->http().task(payments_id);
  EXPECT_EQ(payments.at("namespace"), "payments");
  EXPECT_EQ(payments.at("correlation_id"), "case-501");
  EXPECT_EQ(payments.at("detail"), "complete") << payments.dump(1);
  EXPECT_EQ(
      payments.at("context"),
      (Json{{"payment_id", "pay_1001"}, {"refund_amount_cents", 4000}, {"refund_reason", "arrived broken"}}));
  expect_parents_first(payments);
  EXPECT_EQ(of_case("case-501").size(), 2U);
  // Waiting for payments has cost no attempt.
  EXPECT_EQ(step_of(task, "update_ticket_status").at("attempts"), 1);
  EXPECT_EQ(Json::parse(read_file(host_->shop() / "tickets/ticket-501.json")).at("status"), "closed");
}

TEST_F(RefundExample, Item92WithoutTheManagersApprovalPaymentsHearsNothing) {
  const auto task = submit(
      {{"ticket_id", 503}, {"refund_amount_cents", 60000}, {"refund_reason", "changed my mind"}}, "case-503");
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(step_of(task, "get_manager_approval").at("last_error").at("code"), "refund.approval_missing");
  EXPECT_EQ(step_of(task, "get_manager_approval").at("attempts"), 1);
  EXPECT_EQ(of_case("case-503").size(), 1U);
}

TEST_F(RefundExample, Item92APaymentThatCannotBeGivenBackFailsBothTasksAndTheNextMayAskForLess) {
  const auto task = submit({{"ticket_id", 503},
                            {"refund_amount_cents", 99999},
                            {"refund_reason", "all of it, and more"},
                            {"approval", {{"manager", "Mo"}, {"approved", true}}}},
                           "case-503-b");
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(step_of(task, "update_ticket_status").at("last_error").at("code"), "refund.payments_failed");
  EXPECT_FALSE(std::filesystem::exists(host_->shop() / "tickets/ticket-503.json"));

  const auto less =
      submit({{"ticket_id", 503}, {"refund_amount_cents", 40000}, {"refund_reason", "the half of it"}},
             "case-503-c");
  EXPECT_EQ(less.at("detail"), "complete") << less.dump(1);
}

TEST_F(RefundExample, Item48TheSameNameInTwoNamespacesIsTwoWorkflows) {
  const auto shown = [](const char* space) {
    return host_->http().get(std::string("/tasker/handlers/") + space + "/process_refund").json();
  };
  EXPECT_EQ(shown("payments").at("version"), "2.1.0");
  EXPECT_EQ(shown("payments").at("step_templates").size(), 4U);
  EXPECT_EQ(shown("customer_success").at("version"), "1.3.0");
  EXPECT_EQ(shown("customer_success").at("step_templates").size(), 5U);
}

}  // namespace
}  // namespace tasker::test
