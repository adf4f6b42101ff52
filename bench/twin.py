"""A server of the engine's own program with the settings of a cluster's engine: what a cluster is compared with."""

from servers.node import SETTINGS, Node

# Of a Node's own settings, which are small, those that are not a cluster's.
SMALL = {*SETTINGS, "innodb_log_file_size"} - {"bind_address", "log_bin", "skip_name_resolve"}
PLACES = {"datadir", "socket", "pid_file", "log_error", "tmpdir", "server_id", "plugin_dir",
          "lc_messages_dir", "character_sets_dir", "user", "log_bin", "relay_log",
          "master_info_file", "relay_log_info_file"}  # fmt: skip
NETWORK = {"skip_networking", "unix_socket", "proxy_protocol_networks"}


def settings_of(cluster):
    """Those of the cluster's my.cnf, but for its places and its network."""
    settings = {}
    for line in (cluster.instance / "my.cnf").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            settings[name.strip()] = value.strip()
    return {name: settings[name] for name in settings.keys() - PLACES - NETWORK}


def make(cluster, directory, **changes):
    """The server, which is not started; changes are settings of its own, None for the program's."""
    settings = {**dict.fromkeys(SMALL), **settings_of(cluster), **changes}
    return Node("mariadb-10.11", directory, **settings)
