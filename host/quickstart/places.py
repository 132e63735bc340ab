"""Where the demonstration keeps its things, and the configuration file that tells the host. Paths only; no process, no
network."""
import json
import pathlib
import shutil

GATEWAY_LATENCY_MS = 400  # long enough that a version goes live while payments are running


class Places:
    def __init__(self, source, build, data):
        self.source, self.build, self.data = pathlib.Path(source), pathlib.Path(build), pathlib.Path(data)
        self.tasker = self.build / "bin" / "tasker"
        self.orders = self.source / "plugins/default/order_process/data/orders.json"
        self.expected = self.source / "plugins/default/order_process/data/expected.json"
        self.config = self.data / "tasker.yaml"
        self.plugins = self.data / "plugins"
        self.shop = self.data / "shop"
        self.ledger = self.shop / "ledger.jsonl"
        self.outbox = self.shop / "outbox"
        self.inventory = self.data / "inventory"
        self.reports = self.inventory / "reports"
        self.address = self.data / "address"  # written by the host
        self.console = self.data / "console.log"
        self.host_log = self.data / "tasker.log"
        self.host_lock = self.data / "lock"

    def prepare(self):
        """What an earlier run left goes, as its database does; only folders that this class names."""
        for folder in (self.plugins, self.shop, self.inventory):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.address, self.console, self.host_log):
            file.unlink(missing_ok=True)
        for folder in (self.plugins / "default", self.plugins / "data_processing", self.outbox, self.reports):
            folder.mkdir(parents=True)
        self.config.write_text(self._configuration())

    def drop(self, namespace, file):
        """What a person does: cp into the namespace's folder."""
        shutil.copyfile(self.build / "plugins" / namespace / file, self.plugins / namespace / file)

    def _configuration(self):
        configuration = {
            "default/order_process": {
                "orders_file": str(self.orders), "ledger_file": str(self.ledger), "outbox_dir": str(self.outbox),
                "gateway_latency_ms": GATEWAY_LATENCY_MS},
            "data_processing/package_inventory": {
                "work_dir": str(self.inventory / "work"), "report_dir": str(self.reports)},
        }
        lines = ["# Made by host/quickstart.sh, at every start.", "plugins:", f"  dir: {json.dumps(str(self.plugins))}",
                 "  configuration:"]
        for plugin, values in configuration.items():
            lines.append(f"    {plugin}:")
            lines += [f"      {key}: {json.dumps(value)}" for key, value in values.items()]
        return "\n".join(lines) + "\n"
