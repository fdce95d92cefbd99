"""Plugins written for the reference ESP32 server, run unchanged.

Such a file imports that server's modules, registers functions and is called with its connection
``conn``. ``loading.py`` runs the file and ``calling.py`` its functions; ``modules.py`` lists what it may
import, ``connection.py`` what it finds at ``conn``. What has no counterpart here says so by name.
"""
