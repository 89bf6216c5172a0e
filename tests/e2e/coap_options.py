# SPDX-License-Identifier: BSD-2-Clause
"""Options of CoAP as bytes (RFC 7252 section 3.1), for the peers of tests."""
import struct


def extended(n):
    """The nibble for n, and the bytes of the rest."""
    if n < 13:
        return n, b""
    if n < 269:
        return 13, bytes([n - 13])
    if n < 65805:
        return 14, struct.pack(">H", n - 269)
    return 15, struct.pack(">I", n - 65805)


def unextended(data, i, nibble):
    """The number of a nibble whose rest is at i, and where that ends."""
    if nibble == 13:
        return data[i] + 13, i + 1
    if nibble == 14:
        return struct.unpack_from(">H", data, i)[0] + 269, i + 2
    if nibble == 15:
        return struct.unpack_from(">I", data, i)[0] + 65805, i + 4
    return nibble, i


def encode_options(options):
    """The bytes of pairs of number and value, by number."""
    out, last = b"", 0
    for number, value in options:
        delta, more_delta = extended(number - last)
        length, more_length = extended(len(value))
        out += bytes([delta << 4 | length]) + more_delta + more_length + value
        last = number
    return out


def parse_options(data):
    """Pairs of number and value, and the payload."""
    options, number, i = [], 0, 0
    while i < len(data) and data[i] != 0xff:
        byte = data[i]
        delta, i = unextended(data, i + 1, byte >> 4)
        length, i = unextended(data, i, byte & 15)
        number += delta
        options.append((number, data[i:i + length]))
        i += length
    return options, data[i + 1:]
