"""What a desk needs beside a bot: the sandbox, the sample market, the cost stress test.

It imports the plugin, `altseason`; the plugin works without it.
"""
