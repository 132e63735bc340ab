#!/usr/bin/env python3
"""Runs the shipped plugins on a private host and database, shows what happens, and checks every outcome.

Exit code 0: every outcome was the expected one, and when serving, Ctrl-C ended it. 1: differences, or it could not run.
130: interrupted before the table. 137: somebody tried `kill -9` on the host, as the closing lines suggest."""
import argparse
import json
import pathlib
import signal
import sys

from api import Api, ApiError
from closing import failures, table, try_next, where
from host_process import HostDied, HostInUse, HostProcess, tail
from places import Places
from progress import Progress
from shop import Shop, Stuck
from verdict import Verdict

SHOWN_DIFFERENCES = 40


def say(*lines):
    print(*lines, sep="\n", flush=True)


def interrupt(_number, _frame):
    raise KeyboardInterrupt


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="a build folder that has the host and the shipped plugins")
    parser.add_argument("--data", required=True, help="folder for database, plugins and results; wiped at the start")
    parser.add_argument("--listen", help="ADDRESS:PORT; the next free port is taken when it is busy")
    parser.add_argument("--once", action="store_true", help="end after the table")
    return parser.parse_args()


def demonstrate(host, places):
    """Runs the story; answers the host's URL and what came of it."""
    orders = [order["order_id"] for order in json.loads(places.orders.read_text())]
    say(f"Starting a host with a private PostgreSQL in {places.data}")
    host.start()
    url = host.address()
    say(f"The host is at {url}: {len(orders)} orders and an inventory of this machine's packages")
    shop = Shop(Api(url), host, places, orders, Progress(len(orders) + 1))
    shop.run()
    verdict = Verdict(shop, shop.tasks(), places)
    say("", *table(shop, verdict), "", *failures(verdict), "", *where(places), "")
    if verdict.differences:
        hidden = len(verdict.differences) - SHOWN_DIFFERENCES
        say("Not as expected:", *(f"  {line}" for line in verdict.differences[:SHOWN_DIFFERENCES]))
        say(f"  and {hidden} more" if hidden > 0 else "")
    else:
        say("Every outcome is the expected one; every effect is in the ledger exactly once.", "")
    return url, verdict


def serve(url, host, places):
    """Until Ctrl-C. What the host says meanwhile, such as a plugin that became active, is passed on."""
    say(*try_next(url, host, places))
    heard = len(tail(places.console, sys.maxsize))
    try:
        while not host.wait(0.3):
            lines = tail(places.console, sys.maxsize)
            for line in lines[heard:]:
                say(line)
            heard = len(lines)
    except KeyboardInterrupt:
        say("", "Stopping the host and its database; Ctrl-C again ends them at once")
        return 0 if host.stop() == 0 else 1
    host.check()
    return 1


def run(arguments):
    places = Places(pathlib.Path(__file__).resolve().parent.parent.parent, arguments.build, arguments.data)
    host = HostProcess(places, arguments.listen)
    host.refuse_second_host()
    places.prepare()
    try:
        url, verdict = demonstrate(host, places)
        served = 0 if arguments.once else serve(url, host, places)
        return 1 if verdict.differences else served
    except HostDied as death:
        if death.signal != signal.SIGKILL:
            raise
        say("", "The host was killed. Its database keeps what it had committed; this one takes up the rest:",
            f"  {host.restart_command()}")
        return 137
    except (ApiError, Stuck) as error:
        host.check()  # a dead host explains more than the request that it did not answer
        say("", f"quickstart: {error}", host.last_words())
        return 1
    finally:
        host.stop()


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return run(parse_arguments())
    except KeyboardInterrupt:
        say("", "interrupted")
        return 130
    except (HostDied, HostInUse, OSError) as error:
        print(f"quickstart: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
