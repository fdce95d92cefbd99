"""The same devices over MQTT and UDP: messages over MQTT, sound as encrypted datagrams.

A broker of our own, because a device publishes its messages and never subscribes to the answers: a
stock broker would have nobody to give them to. A session is opened by a hello and ended by a goodbye;
the MQTT connection stays.
"""
