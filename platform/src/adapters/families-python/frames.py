"""A header and named arrays in one file: "SLF1", uint32 length of the JSON header, the header, arrays each from a multiple of 8.

The header's "arrays" lists {"name", "type", "length", "offset"}; offsets count from the first byte after the padded header.
All little-endian. The same format as frame.ts.
"""
import json
import struct

import numpy as np

MAGIC = b"SLF1"


def padded(length):
    return (length + 7) // 8 * 8


def read_frame(path):
    """@returns (header, {name: array})"""
    data = np.fromfile(path, dtype=np.uint8)
    if data[:4].tobytes() != MAGIC:
        raise ValueError("%s is not a frame" % path)
    (length,) = struct.unpack("<I", data[4:8].tobytes())
    header = json.loads(data[8 : 8 + length].tobytes().decode("utf-8"))
    start = padded(8 + length)
    arrays = {}
    for entry in header.pop("arrays"):
        dtype = np.dtype(entry["type"]).newbyteorder("<")
        begin = start + entry["offset"]
        arrays[entry["name"]] = data[begin : begin + entry["length"] * dtype.itemsize].view(dtype)
    return header, arrays


def write_frame(path, header, arrays):
    entries, offset = [], 0
    for name, array in arrays.items():
        entries.append({"name": name, "type": array.dtype.name, "length": int(array.size), "offset": offset})
        offset += padded(array.nbytes)
    text = json.dumps({**header, "arrays": entries}).encode("utf-8")
    with open(path, "wb") as file:
        file.write(MAGIC + struct.pack("<I", len(text)) + text)
        file.write(b"\0" * (padded(8 + len(text)) - 8 - len(text)))
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).tobytes())
            file.write(b"\0" * (padded(array.nbytes) - array.nbytes))
