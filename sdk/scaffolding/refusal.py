"""What is wrong with a request, for people."""


class Refusal(Exception):
    pass
