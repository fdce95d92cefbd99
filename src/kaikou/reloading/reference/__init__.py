"""What all files written for the reference ESP32 server may import, whatever they are for."""
