pytest_plugins = ["tests.support.storages"]
