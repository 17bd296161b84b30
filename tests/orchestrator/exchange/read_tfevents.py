#!/usr/bin/env python3
"""Prints the scalars of TensorBoard event files: an independent reader, of the formats alone.

usage: read_tfevents.py FOLDER

One line a scalar, sorted by file: run, tag, step, value, wall_time.  A frame or checksum that is
wrong, or a field that an Event has not, is an error.  CRC32C is computed bit by bit, without a table.
"""
import os
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        head = data[at:at + 8]
        (n,) = struct.unpack("<Q", head)
        (check,) = struct.unpack("<I", data[at + 8:at + 12])
        assert check == masked(head), f"length checksum at {at}"
        body = data[at + 12:at + 12 + n]
        assert len(body) == n, f"short record at {at}"
        (check,) = struct.unpack("<I", data[at + 12 + n:at + 16 + n])
        assert check == masked(body), f"data checksum at {at}"
        yield body
        at += 16 + n


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack("<d", data[at:at + 8])[0], at + 8
        elif wire == 2:
            n, at = varint(data, at)
            value, at = data[at:at + n], at + n
        elif wire == 5:
            value, at = struct.unpack("<f", data[at:at + 4])[0], at + 4
        else:
            raise AssertionError(f"wire type {wire}")
        yield number, value


def scalars(path):
    for i, record in enumerate(records(open(path, "rb").read())):
        event = dict(fields(record))
        assert set(event) <= {1, 2, 3, 5}, event
        if i == 0:
            assert event[3] == b"brain.Event:2", event
            continue
        for number, value in fields(event[5]):
            assert number == 1
            one = dict(fields(value))
            assert set(one) == {1, 2}, one
            yield one[1].decode(), event[2], one[2], event[1]


def main():
    for folder, _, names in sorted(os.walk(sys.argv[1])):
        for name in sorted(names):
            assert name.startswith("events.out.tfevents."), name
            for tag, step, value, wall in scalars(os.path.join(folder, name)):
                print(f"{os.path.basename(folder)} {tag} {step} {value:.9g} {wall:.3f}")


if __name__ == "__main__":
    main()
